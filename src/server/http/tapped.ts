export interface Taps {
  /** May throw, which ends the stream with that error. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** Called when the stream has been read to its end, has failed, or is not read any more. */
  readonly onEnd?: () => void;
}

/** The same stream with callbacks. Nothing is read in advance. */
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
