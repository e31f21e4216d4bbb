import fc from "fast-check";

type Bytes = Uint8Array<ArrayBuffer>;

const text = new TextEncoder();

/** A file that is an image, or was one before a few of its bytes were changed, cut off or doubled. */
export function files(images: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const whole = fc.constantFrom(...images);
  const change = fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 255 }));
  const changed = fc
    .tuple(whole, fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([image, changes]) => {
      const bytes = image.slice();
      for (const [place, value] of changes) bytes[place % bytes.length] = value;
      return bytes;
    });
  const cut = fc
    .tuple(whole, fc.nat(2000))
    .map(([image, length]) => image.slice(0, length % image.length));
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes));
  return fc.oneof({ weight: 4, arbitrary: whole }, changed, changed, cut, noise);
}

const CONTENT_TYPES = [
  "image/jpeg",
  "image/png",
  "application/json",
  "text/plain; charset=utf-16",
  "",
];

const names = fc.oneof(
  { weight: 8, arbitrary: fc.constant("image") },
  fc.constantFrom("options", "Image", "", "image[]", "__proto__"),
  fc.string({ maxLength: 20 }),
);

const disposition = fc
  .tuple(names, fc.option(fc.string({ maxLength: 30, unit: "grapheme" })))
  .map(
    ([name, fileName]) =>
      `form-data; name="${name.replace(/["\r\n]/g, "")}"` +
      (fileName === null ? "" : `; filename="${fileName.replace(/["\r\n]/g, "")}"`),
  );

const head = fc.oneof(
  { weight: 8, arbitrary: disposition.map((value) => `Content-Disposition: ${value}\r\n`) },
  fc.constantFrom("", "Content-Disposition\r\n", "Content-Disposition: attachment\r\n"),
  fc.constant(`X-Long: ${"a".repeat(20_000)}\r\n`),
  fc.string({ maxLength: 60 }).map((line) => `${line}\r\n`),
);

export interface Multipart {
  readonly contentType: string;
  readonly body: Bytes;
}

/** Bodies that are `multipart/form-data`, or that only say so. */
export function multiparts(images: readonly Bytes[], options: fc.Arbitrary<unknown>) {
  const type = fc.constantFrom(...CONTENT_TYPES);
  const image = fc.tuple(head, type, files(images));
  const json = options.map((value) => text.encode(JSON.stringify(value)) as Bytes);
  const option = fc.tuple(
    fc.constant('Content-Disposition: form-data; name="options"\r\n'),
    fc.constant("application/json"),
    fc.oneof({ weight: 4, arbitrary: json }, files(images)),
  );
  const part = fc.oneof({ weight: 5, arbitrary: image }, option);
  const ending = fc.oneof(
    { weight: 6, arbitrary: fc.constant("--\r\n") },
    fc.constantFrom("", "--", "-", "\r\n", "--\r\nepilogue"),
  );
  const boundary = fc.oneof(
    { weight: 6, arbitrary: fc.constant("boundary") },
    fc.constantFrom("b", "'()+_,-./:=?", "a".repeat(70), "a".repeat(71), ""),
  );
  return fc
    .tuple(fc.array(part, { maxLength: 5 }), boundary, ending, fc.constantFrom("", "x", "\r\n"))
    .map(([parts, boundary, end, prologue]): Multipart => {
      const chunks: Bytes[] = [text.encode(prologue) as Bytes];
      for (const [head, type, body] of parts) {
        const lines = `--${boundary}\r\n${head}${type && `Content-Type: ${type}\r\n`}\r\n`;
        chunks.push(text.encode(lines) as Bytes, body, text.encode("\r\n") as Bytes);
      }
      chunks.push(text.encode(`--${boundary}${end}`) as Bytes);
      const said = /[^\w'+_.-]/.test(boundary) ? `"${boundary}"` : boundary;
      return { contentType: `multipart/form-data; boundary=${said}`, body: concat(chunks) };
    });
}

function concat(chunks: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
