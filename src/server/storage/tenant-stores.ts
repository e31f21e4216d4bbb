import type { GroupResult, GroupStore, ImageStore } from "../../group/index.ts";
import type { KeyValueStore } from "./key-value-store.ts";

// The stores of one tenant, in a key-value store shared by all tenants: each key starts with its name.

export class TenantGroupStore implements GroupStore {
  readonly #store: KeyValueStore;
  readonly #tenant: string;

  constructor(store: KeyValueStore, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
  }

  async result(group: string): Promise<GroupResult | undefined> {
    const bytes = await this.#store.get(this.#key(group, "result.json"));
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  }

  async putResult(result: GroupResult): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(result));
    await this.#store.put(this.#key(result.id, "result.json"), bytes);
  }

  async isComplete({ id, images, consensusOf }: GroupResult): Promise<boolean> {
    const hasMasks = images.every(({ sha256 }) =>
      this.#store.has(this.#key(id, `masks/${sha256}`)),
    );
    return hasMasks && (consensusOf !== undefined || this.#store.has(this.#key(id, "consensus")));
  }

  mask(group: string, image: string) {
    return this.#store.get(this.#key(group, `masks/${image}`));
  }

  putMask(group: string, image: string, record: Uint8Array): Promise<void> {
    return this.#store.put(this.#key(group, `masks/${image}`), record);
  }

  consensus(group: string) {
    return this.#store.get(this.#key(group, "consensus"));
  }

  putConsensus(group: string, bytes: Uint8Array): Promise<void> {
    return this.#store.put(this.#key(group, "consensus"), bytes);
  }

  async delete(group: string): Promise<boolean> {
    const isHere = await this.#store.delete(this.#key(group, "result.json"));
    await this.#store.deleteAll(`${this.#tenant}/${group}`);
    return isHere;
  }

  #key(group: string, name: string): string {
    return `${this.#tenant}/${group}/${name}`;
  }
}

export class TenantImageStore implements ImageStore {
  readonly isPersistent: boolean;
  readonly #store: KeyValueStore;
  readonly #tenant: string;

  constructor(store: KeyValueStore, tenant: string, isPersistent: boolean) {
    this.isPersistent = isPersistent;
    this.#store = store;
    this.#tenant = tenant;
  }

  get(sha256: string) {
    return this.#store.get(this.#key(sha256));
  }

  async has(sha256s: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(sha256s.filter((sha256) => this.#store.has(this.#key(sha256))));
  }

  put(sha256: string, bytes: Uint8Array): Promise<void> {
    return this.#store.put(this.#key(sha256), bytes);
  }

  delete(sha256: string): Promise<boolean> {
    return this.#store.delete(this.#key(sha256));
  }

  #key(sha256: string): string {
    return `${this.#tenant}/${sha256}`;
  }
}
