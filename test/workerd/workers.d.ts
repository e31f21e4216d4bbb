// What the tests use of the runtime's own module.
declare module "cloudflare:workers" {
  /** The Worker of wrangler.toml, in this isolate. */
  export const exports: {
    readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> };
  };
  /** Its bindings. */
  export const env: unknown;
}
