import { expect, inject } from "vitest";
import { nodeDecoder } from "../../src/codec/node.ts";
import { formOf, photographs } from "../server/servers.ts";

/** The bounds of the parity tests. */
const MEAN_DIFFERENCE = 1e-3;
const FLIPPED_PIXELS = 1e-3;

/** The API's soft masks by the photographs' names. */
export async function expectedMasks(
  kind: string,
  names?: readonly string[],
): Promise<Map<string, Buffer>> {
  const all = await photographs(kind);
  const group = all.filter(({ name }) => names?.includes(name) ?? true);
  const response = await fetch(`${inject("url")}/v1/groups`, {
    method: "POST",
    body: formOf(group),
  });
  expect(response.status).toBe(200);
  const { images } = (await response.json()) as { images: { id: string; mask: { url: string } }[] };
  const files = images.map(async ({ id, mask }): Promise<[string, Buffer]> => {
    const file = await fetch(inject("url") + mask.url);
    return [id.replace(/\.jpg$/, ".png"), Buffer.from(await file.arrayBuffer())];
  });
  return new Map(await Promise.all(files));
}

/** Holds masks that the page has saved against the API's. */
export async function compare(found: Map<string, Buffer>, wanted: Map<string, Buffer>) {
  const decoder = nodeDecoder();
  let [difference, flipped] = [0, 0];
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, file] of wanted) {
    const a = await decoder.decode(file);
    const b = await decoder.decode(found.get(name) as Buffer);
    expect([b.width, b.height]).toEqual([a.width, a.height]);
    let [sum, flips] = [0, 0];
    for (let i = 0; i < a.data.length; i += 4) {
      const [left, right] = [a.data[i] as number, b.data[i] as number];
      sum += Math.abs(left - right) / 255;
      flips += Number(left >= 128 !== right >= 128);
    }
    difference = Math.max(difference, (4 * sum) / a.data.length);
    flipped = Math.max(flipped, (4 * flips) / a.data.length);
  }
  console.log(
    `at most mean difference ${difference.toExponential(1)}, flipped ${flipped.toExponential(1)}`,
  );
  expect(difference).toBeLessThan(MEAN_DIFFERENCE);
  expect(flipped).toBeLessThan(FLIPPED_PIXELS);
}
