/** What workerd has beside the Web's streams; its types clash with those of other hosts. */
interface WorkerStreams {
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

/** The same stream; workerd sends it with a Content-Length, and without one by chunks. */
export function withLength(
  body: ReadableStream<Uint8Array>,
  bytes: number,
): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as unknown as WorkerStreams;
  return body.pipeThrough(new FixedLengthStream(bytes));
}
