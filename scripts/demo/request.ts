// What any app does that talks to cosal: one multipart POST, answered by an event stream.
import type { GroupBody, GroupEvent, Problem } from "../../src/app/index.ts";
import type { PhotographGroup } from "./photographs.ts";

/** Sends a group and hands over each event as it arrives. Resolves to the last one's result. */
export async function sendGroup(
  url: string,
  { photographs }: PhotographGroup,
  onEvent: (event: GroupEvent) => void,
): Promise<GroupBody> {
  const body = new FormData();
  for (const { name, bytes } of photographs) body.append("image", new File([bytes], name));
  const headers = { accept: "text/event-stream" };
  const response = await fetch(`${url}/v1/groups`, { method: "POST", headers, body });
  if (!response.ok) throw new Refused((await response.json()) as Problem);
  for await (const event of eventsOf(response.body!)) {
    onEvent(event);
    if (event.event === "error") throw new Refused(event.data);
    if (event.event === "result") return event.data;
  }
  throw new Error("The Worker broke off in the middle of its answer.");
}

/** The service said no, and why. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Server-sent events (HTML standard, 9.2), as far as cosal writes them: one line of data each. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<GroupEvent> {
  let buffer = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (buffer + decoder.decode(chunk, { stream: true })).split("\n\n");
    buffer = blocks.pop()!;
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: (.*)/s, 2));
      const { event, data } = Object.fromEntries(lines) as { event?: string; data?: string };
      // A block without data is a comment, sent while nothing happens.
      if (data !== undefined) yield { event, data: JSON.parse(data) } as GroupEvent;
    }
  }
}
