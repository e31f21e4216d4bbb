import { decodeBase64 as decodePlain } from "hono/utils/encode";

/**
 * Decodes base64 (RFC 4648), with or without padding: the standard alphabet, the URL-safe one, or a
 * `data:` URL (RFC 2397) with either. Blanks and line ends are ignored.
 *
 * @throws RangeError for invalid base64; the message says what was expected
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const payload = isDataUrl(text) ? payloadOf(text) : text;
  try {
    return decodePlain(payload.replaceAll("-", "+").replaceAll("_", "/"));
  } catch (cause) {
    throw new RangeError("expected base64 or a data: URL of it", { cause });
  }
}

function isDataUrl(text: string): boolean {
  return /^data:/i.test(text.slice(0, 5));
}

function payloadOf(text: string): string {
  const comma = text.indexOf(",");
  if (comma === -1 || !/;\s*base64\s*$/i.test(text.slice(0, comma))) {
    throw new RangeError("expected a data: URL in base64, with ;base64, before its contents");
  }
  const payload = text.slice(comma + 1);
  if (!payload.includes("%")) return payload;
  try {
    return decodeURIComponent(payload);
  } catch (cause) {
    throw new RangeError("expected a data: URL whose %-escapes can be read", { cause });
  }
}
