/** One server-sent event (HTML standard, 9.2), its data read as JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  /** The id to go on from: this event's, or the last one before it. */
  readonly id: string | undefined;
}

/** The events of a `text/event-stream` body, as they come. Comments are passed over. */
export async function* parseEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent, void> {
  // A reader, as Safari's streams cannot be iterated.
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let id: string | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
        id = field("id") ?? id;
        const data = field("data");
        if (data === undefined) continue;
        yield { event: field("event") ?? "message", data: JSON.parse(data), id };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
