/** One part of a `multipart/mixed` response (RFC 2046, 5.1.3). */
export interface Part {
  readonly type: string;
  /** Must not contain quotes, backslashes or line ends. */
  readonly fileName?: string;
  readonly body: Uint8Array | string;
}

/** Writes the parts, each as soon as it is ready. */
export async function* encodeParts(
  parts: AsyncIterable<Part>,
  boundary: string,
): AsyncGenerator<Uint8Array> {
  const text = new TextEncoder();
  for await (const { type, fileName, body } of parts) {
    const bytes = typeof body === "string" ? text.encode(body) : body;
    const head = [
      `--${boundary}`,
      `Content-Type: ${type}`,
      ...(fileName === undefined
        ? []
        : [`Content-Disposition: attachment; filename="${fileName}"`]),
      `Content-Length: ${bytes.length}`,
    ];
    yield text.encode(`${head.join("\r\n")}\r\n\r\n`);
    yield bytes;
    yield text.encode("\r\n");
  }
  yield text.encode(`--${boundary}--\r\n`);
}
