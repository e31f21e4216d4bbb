import fc from "fast-check";
import { expect, it } from "vitest";
import { setUp } from "../../test/app-client.ts";

// Whatever is sent, the answer is one that the description has, and no 500. The client checks the
// first; the script of the edge does the same for ten thousand inputs.

const { request } = setUp();
const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("image", "x", "a".repeat(64)));
const segment = fc.oneof(
  fc.constantFrom("v1", "groups", "images", "masks", "cutouts", "jobs", "consensus", "problems"),
  fc.constantFrom("a".repeat(64), `${"a".repeat(64)}.png`, "%", "%2e%2e", "%00", "..", ""),
  word.map(encodeURIComponent),
);
const query = fc.dictionary(
  fc.constantFrom("output", "format", "size", "threshold", "inline", "model", "backend", "x"),
  fc.oneof(word, fc.constantFrom("mask", "png", "0.5", "model", "auto", "skip", "masks")),
  { maxKeys: 3 },
);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS");
const image = fc.oneof(
  fc.record({ data: fc.constantFrom("aW1hZ2U=", "", "!", "dGV4dA==") }),
  fc.record({ sha256: fc.constantFrom("a".repeat(64), "short") }),
  fc.record({ url: fc.webUrl() }),
  fc.anything(),
);
const seed = fc.oneof(
  fc.record({
    image: fc.nat(3),
    negative: fc.anything(),
    point: fc.tuple(fc.nat(20_000), fc.nat(9)),
  }),
  fc.record({
    image: fc.constant(0),
    rle: fc.record({ size: fc.tuple(fc.nat(20), fc.nat(20)), counts: fc.string() }),
  }),
  fc.record({ image: word, png: fc.base64String() }),
);
const body = fc.oneof(
  fc.record(
    {
      images: fc.array(image, { maxLength: 4 }),
      options: fc.oneof(fc.record({ seeds: fc.array(seed, { maxLength: 2 }) }), fc.anything()),
    },
    { requiredKeys: ["images"] },
  ),
  fc.anything(),
);

it("answers any address and any method", async () => {
  const parts = fc.array(segment, { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(parts, query, method, async (path, values, method) => {
      const url = `/${path.join("/")}?${new URLSearchParams(values)}`;
      const response = await request(url, { method });
      expect(response.status, url).toBeLessThan(500);
      await response.arrayBuffer();
    }),
    { numRuns: 200 },
  );
});

it("answers any JSON", async () => {
  await fc.assert(
    fc.asyncProperty(body, query, async (value, values) => {
      const init = {
        method: "POST",
        body: JSON.stringify(value) ?? "",
        headers: { "content-type": "application/json" },
      };
      const response = await request(`/v1/groups?${new URLSearchParams(values)}`, init);
      expect(response.status, init.body).toBeLessThan(500);
      await response.arrayBuffer();
    }),
    { numRuns: 200 },
  );
});

it("answers any multipart body", async () => {
  const part = fc.oneof(
    fc.record({ name: word, text: fc.string(), file: fc.option(word) }),
    fc.record({ name: fc.constant("image"), text: fc.constant("image 1"), file: fc.option(word) }),
    fc.record({
      name: fc.constant("options"),
      text: body.map((b) => JSON.stringify(b) ?? ""),
      file: fc.constant(null),
    }),
  );
  const cut = fc.nat(400);
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.option(cut), async (parts, at) => {
      const text = [
        ...parts.map(({ name, text, file }) => {
          const named = file === null ? "" : `; filename="${file}"`;
          return `--b\r\nContent-Disposition: form-data; name="${name}"${named}\r\n\r\n${text}\r\n`;
        }),
        "--b--\r\n",
      ].join("");
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      const sent = at === null ? text : text.slice(0, at);
      const response = await request("/v1/groups", { method: "POST", body: sent, headers });
      expect(response.status, sent).toBeLessThan(500);
      await response.arrayBuffer();
    }),
    { numRuns: 300 },
  );
});
