import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64 } from "./base64.ts";

describe("base64", () => {
  it("is taken in each form that it is written in", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Uint8Array.from(array);
        const text = Buffer.from(bytes).toString("base64");
        const lines = text.replace(/.{76}/g, "$&\r\n");
        const url = Buffer.from(bytes).toString("base64url");
        for (const written of [
          ...[text, text.replace(/=+$/, ""), lines, url],
          ...[`data:image/jpeg;base64,${text}`, `DATA:;charset=x;BASE64,${url}`],
          `data:image/jpeg;base64,${encodeURIComponent(text)}`,
        ]) {
          expect(decodeBase64(written)).toEqual(bytes);
        }
      }),
    );
  });

  it.each([
    "!",
    "a",
    "data:image/svg+xml,<svg/>",
    "data:image/jpeg;base64",
    "data:;base64,%E0%A4%A",
  ])("is not %j", (text) => {
    expect(() => decodeBase64(text)).toThrow(RangeError);
  });
});
