import type { GroupBody, GroupEvent } from "../../src/app/index.ts";
import type { PhotographGroup } from "./photographs.ts";
import { sendGroup } from "./request.ts";

/** What came back for one group, and how long it took as seen by the caller. */
export interface GroupRun {
  readonly group: PhotographGroup;
  readonly body: GroupBody;
  /** The mask's PNG file of each image, in the order sent. */
  readonly masks: readonly Uint8Array[];
  /** Milliseconds spent on each image, by id: decode, encode and mask, with its way here. */
  readonly milliseconds: ReadonlyMap<string, number>;
  readonly total: number;
  /** The same photographs sent again, in another order and under other names. */
  readonly again: { readonly cache: string; readonly milliseconds: number };
}

export async function runGroup(
  url: string,
  group: PhotographGroup,
  onEvent: (event: GroupEvent) => void,
): Promise<GroupRun> {
  const milliseconds = new Map<string, number>();
  const began = performance.now();
  let last = began;
  const body = await sendGroup(url, group, (event) => {
    const now = performance.now();
    const id = event.event === "image" ? event.data.id : imageOf(event);
    if (id !== undefined) milliseconds.set(id, (milliseconds.get(id) ?? 0) + now - last);
    last = now;
    onEvent(event);
  });
  const total = performance.now() - began;
  const masks = await Promise.all(
    body.images.map(async ({ mask }) => {
      const response = await fetch(new URL(mask.url, url));
      if (!response.ok) throw new Error(`${mask.url} was answered ${response.status}.`);
      return new Uint8Array(await response.arrayBuffer());
    }),
  );
  return { group, body, masks, milliseconds, total, again: await sendAgain(url, group, body) };
}

function imageOf(event: GroupEvent): string | undefined {
  return event.event === "progress" ? event.data.image?.id : undefined;
}

async function sendAgain(url: string, { name, photographs }: PhotographGroup, first: GroupBody) {
  const renamed = photographs.map(({ bytes }, i) => ({ name: `${i + 1}`, bytes })).reverse();
  const began = performance.now();
  const body = await sendGroup(url, { name, photographs: renamed }, () => {});
  if (body.id !== first.id)
    throw new Error(`The same photographs became another group: ${body.id}`);
  return { cache: body.cache, milliseconds: performance.now() - began };
}
