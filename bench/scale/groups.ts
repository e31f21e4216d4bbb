import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { GroupBody } from "../../src/app/index.ts";
import { decodeLogits } from "../../src/codec/index.ts";
import { form } from "../../test/forms.ts";

export interface Photograph {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const EXAMPLES = new URL("../../examples/", import.meta.url);

/** Pairs of the samples' photographs. */
export const PAIRS: readonly (readonly Photograph[])[] = ["cats", "hats", "raccoons", "shoes"].map(
  (kind) =>
    readdirSync(new URL(`${kind}/`, EXAMPLES))
      .sort()
      .slice(0, 2)
      .map((name) => ({
        name,
        bytes: new Uint8Array(readFileSync(new URL(`${kind}/${name}`, EXAMPLES))),
      })),
);

/** The same photographs as files that nobody has seen: what follows a JPEG's end marker is ignored. */
export function fresh(group: readonly Photograph[]): Photograph[] {
  return group.map(({ name, bytes }) => ({
    name,
    bytes: new Uint8Array([...bytes, ...randomBytes(12)]),
  }));
}

export const formOf = (group: readonly Photograph[]) =>
  form(group.map(({ name, bytes }) => [name, bytes] as const));

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The logits of each photograph by name, as the service has stored them. */
export async function masksOf(
  send: (path: string) => Promise<Response>,
  { images }: GroupBody,
  group: readonly Photograph[],
): Promise<Map<string, Float32Array>> {
  const names = new Map(group.map(({ name, bytes }) => [digestOf(bytes), name]));
  const found = new Map<string, Float32Array>();
  for (const { sha256, mask } of images) {
    const response = await send(mask.url.replace(/\.png$/, ".logits"));
    const record = await decodeLogits(new Uint8Array(await response.arrayBuffer()));
    found.set(names.get(sha256) ?? sha256, record.logits.data);
  }
  return found;
}

/** Whether two groups have the same masks: logits of equal photographs differ by rounding alone. */
export function areEqual(
  a: ReadonlyMap<string, Float32Array>,
  b: ReadonlyMap<string, Float32Array>,
): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([id, logits]) => {
    const others = b.get(id);
    return (
      others?.length === logits.length &&
      logits.every((value, i) => Math.abs(value - (others[i] as number)) < TOLERANCE)
    );
  });
}

/** Logits are stored with 8 bits. */
const TOLERANCE = 0.25;
