export interface Taps {
  /** May throw, which ends the stream with that error. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** It has been read to its end, has failed, or nobody reads it any more. */
  readonly onEnd?: () => void;
}

/** The same stream. Nothing is read of it before somebody reads. */
export function tapped(
  body: ReadableStream<Uint8Array>,
  { onChunk = () => {}, onEnd = () => {} }: Taps,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            onChunk(value);
            return controller.enqueue(value);
          }
          onEnd();
          controller.close();
        } catch (error) {
          onEnd();
          controller.error(error);
          reader.cancel(error).catch(() => {});
        }
      },
      async cancel(reason) {
        onEnd();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
