import { IDENTITY_VERSION } from "../group/index.ts";
import type { Kind } from "./retention.ts";

/**
 * Names of what is kept, the same in every tier. The kind comes first, since a bucket's lifecycle
 * rules go by prefix; then the tenant. A group's hash stands for its model and for the version of
 * the code that made it (`IDENTITY_VERSION`); features carry both in their name. So nothing that an
 * older model or older code made is ever found.
 *
 * ```text
 * inputs/<tenant>/<image>
 * features/<tenant>/<image>/<model>.<version>
 * results/<tenant>/<group>/result | consensus | masks/<image>
 * ```
 */
export class Keys {
  readonly #tenant: string;

  /** @param tenant any text; "" is everybody */
  constructor(tenant: string) {
    this.#tenant = tenant === "" ? "public" : `tenant-${encodeURIComponent(tenant)}`;
  }

  input(image: string): string {
    return this.#key("inputs", image);
  }

  features(image: string, model: string): string {
    return `${this.featuresOf(image)}${model}.${IDENTITY_VERSION.replace("/", "-")}`;
  }

  /** Prefix of the features that every model has of an image. */
  featuresOf(image: string): string {
    return `${this.#key("features", image)}/`;
  }

  /** Prefix of all that belongs to a group. */
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
