import { decodeBase64 } from "hono/utils/encode";
import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";

const ALGORITHMS: Readonly<Record<string, string>> = { "sha-256": "SHA-256", "sha-512": "SHA-512" };

/**
 * Verifies the digests that the sender declared: the SHA-256 in the path, and each `Repr-Digest`
 * (RFC 9530) of a known algorithm.
 *
 * @throws CosalError digest_mismatch, option_invalid (a header that cannot be read)
 */
export async function verifyDigest(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  header: string | null,
): Promise<void> {
  const actual = await sha256(bytes);
  if (actual !== name) {
    throw new CosalError("digest_mismatch", `The body has SHA-256 ${actual}, not ${name}.`);
  }
  for (const [algorithm, wanted] of parse(header)) {
    const found = new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
    if (found.length !== wanted.length || found.some((byte, i) => byte !== wanted[i])) {
      throw new CosalError("digest_mismatch", `The body's ${algorithm} differs from Repr-Digest.`);
    }
  }
}

/** A dictionary of byte sequences (RFC 8941): `sha-256=:base64:, sha-512=:base64:`. */
function parse(header: string | null): [algorithm: string, digest: Uint8Array][] {
  if (header === null) return [];
  return header.split(",").flatMap((member) => {
    const match = /^\s*([a-z0-9*._-]+)=:([A-Za-z0-9+/=]*):\s*$/.exec(member);
    if (match === null) throw unreadable(header);
    const algorithm = ALGORITHMS[match[1] as string];
    if (algorithm === undefined) return [];
    try {
      return [[algorithm, decodeBase64(match[2] as string)] as [string, Uint8Array]];
    } catch {
      throw unreadable(header);
    }
  });
}

function unreadable(header: string): CosalError {
  return new CosalError(
    "option_invalid",
    `Expected Repr-Digest to be like sha-256=:base64: but received ${JSON.stringify(header.slice(0, 200))}.`,
  );
}
