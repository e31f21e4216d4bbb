import type { Attack } from "../attack.ts";
import { formOf, send, statusOf } from "../client.ts";
import { flatPng } from "../flat.ts";

const SIDES = { server: [6000, 4000], worker: [2000, 2000] } as const;

/** Asks for cut-outs of a large photograph of few bytes, each under another address. */
export const renderings: Attack = {
  name: "renderings",
  what: "ZIPs of the cut-outs of four PNGs of 23 kB and 24 megapixels (in a Worker: 4), 4 at a time",
  places: ["server", "worker"],
  callers: 4,
  async prepare(url, place) {
    const [width, height] = SIDES[place];
    const files = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => ({
        name: `${i}.png`,
        bytes: await flatPng(width, height, 40 * i),
      })),
    );
    const { body, headers } = formOf(files);
    const all = { ...headers, accept: "application/zip" };
    const target = `${url}/v1/groups?output=cutout`;
    return () => statusOf(send(target, { method: "POST", body, headers: all }));
  },
};
