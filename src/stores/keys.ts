import { IDENTITY_VERSION } from "../group/index.ts";
import type { Kind } from "./retention.ts";

/**
 * Keys of stored values, the same in every tier. The kind comes first, since a bucket's lifecycle
 * rules go by prefix; the tenant follows. A group's hash covers its model and the version of the
 * code (`IDENTITY_VERSION`). Keys of features name both. So values of an older model or of older code
 * are never found.
 *
 * ```text
 * inputs/<tenant>/<image>
 * features/<tenant>/<image>/<model>.<version>
 * results/<tenant>/<group>/result | consensus | masks/<image>
 * ```
 */
export class Keys {
  readonly #tenant: string;

  /** @param tenant any text; "" is the public tenant, when there is no authentication */
  constructor(tenant: string) {
    this.#tenant = tenant === "" ? "public" : `tenant-${encodeURIComponent(tenant)}`;
  }

  input(image: string): string {
    return this.#key("inputs", image);
  }

  features(image: string, model: string): string {
    return `${this.featuresOf(image)}${model}.${IDENTITY_VERSION.replace("/", "-")}`;
  }

  /** Prefix of an image's features of all models. */
  featuresOf(image: string): string {
    return `${this.#key("features", image)}/`;
  }

  /** Prefix of all values of a group. */
  group(group: string): string {
    return `${this.#key("results", group)}/`;
  }

  result(group: string): string {
    return `${this.group(group)}result`;
  }

  consensus(group: string): string {
    return `${this.group(group)}consensus`;
  }

  mask(group: string, image: string): string {
    return `${this.group(group)}masks/${image}`;
  }

  #key(kind: Kind, rest: string): string {
    return `${kind}/${this.#tenant}/${rest}`;
  }
}

export function kindOf(key: string): Kind {
  return key.slice(0, key.indexOf("/")) as Kind;
}
