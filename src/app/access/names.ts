import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";

/** UTF-8 bytes of the longest name: of an index of Workers Analytics Engine, and far from R2's 1,024. */
const LONGEST = 96;

/**
 * A caller's or tenant's name as it is used inside: `key:alice` for who came with a key, `jwt:alice`
 * for who came with a token. So names that different authorities give never meet, and no name is
 * that of `ANONYMOUS` or of the Workers. One that is too long for the names of files and counters is
 * replaced by its digest: `key#9f86d081...`.
 *
 * @throws CosalError credentials_invalid, for what is no Unicode text (a lone surrogate)
 */
export async function qualifiedName(authority: "key" | "jwt", name: string): Promise<string> {
  if (!name.isWellFormed()) {
    throw new CosalError("credentials_invalid", "A name in the credentials is no Unicode text.");
  }
  const text = new TextEncoder();
  const qualified = `${authority}:${name}`;
  if (text.encode(qualified).length <= LONGEST) return qualified;
  return `${authority}#${await sha256(text.encode(name))}`;
}
