// What the tests use of the runtime's own modules.
declare module "cloudflare:workers" {
  /** The Worker of wrangler.toml, in this isolate. */
  export const exports: {
    readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> };
  };
  /** Its bindings. */
  export const env: unknown;
}

declare module "cloudflare:test" {
  /** Runs an object's alarm now; whether one was set. */
  export function runDurableObjectAlarm(stub: unknown): Promise<boolean>;
  /** Ends an object, whose storage stays: the next call starts it anew. */
  export function evictDurableObject(stub: unknown): Promise<void>;
}

declare module "*.toml?raw" {
  const text: string;
  export default text;
}
