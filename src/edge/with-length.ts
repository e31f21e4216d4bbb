/** workerd's addition to web streams. Its declarations clash with those of other hosts. */
interface WorkerStreams {
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

/** The same stream, which workerd sends with Content-Length instead of chunked encoding. */
export function withLength(
  body: ReadableStream<Uint8Array>,
  bytes: number,
): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as unknown as WorkerStreams;
  return body.pipeThrough(new FixedLengthStream(bytes));
}
