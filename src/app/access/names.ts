import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";

/** UTF-8 bytes, as in an index of Workers Analytics Engine. R2's limit for keys is 1,024. */
const MAX_NAME_BYTES = 96;

/**
 * The internal name of a caller or tenant: `key:alice` with a key, `jwt:alice` with a token. So names
 * from different authorities never collide, also not with `ANONYMOUS` and the Workers. A name that is
 * too long for files and counters is replaced by its digest: `key#9f86d081...`.
 *
 * @throws CosalError credentials_invalid for invalid Unicode (a lone surrogate)
 */
export async function qualifiedName(authority: "key" | "jwt", name: string): Promise<string> {
  if (!name.isWellFormed()) {
    throw new CosalError("credentials_invalid", "A name in the credentials is not valid Unicode.");
  }
  const text = new TextEncoder();
  const qualified = `${authority}:${name}`;
  if (text.encode(qualified).length <= MAX_NAME_BYTES) return qualified;
  return `${authority}#${await sha256(text.encode(name))}`;
}
