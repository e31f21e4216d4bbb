import type { Attack } from "../attack.ts";
import { send, statusOf } from "../client.ts";
import { flatPng } from "../flat.ts";

const SIDE = 2048;

/** Run lengths of a few bytes, each a mask of 4 megapixels. */
export const seeds: Attack = {
  name: "seeds",
  what: "64 masks of 4 megapixels in 4 kB of run lengths",
  places: ["server", "worker"],
  callers: 2,
  async prepare(url) {
    // Masks have to have their photograph's size.
    const data = Buffer.from(await flatPng(SIDE, SIDE, 128)).toString("base64");
    const rle = { size: [SIDE, SIDE], counts: [0, SIDE * SIDE] };
    return () => {
      // Another number of runs each time: no answer can come from memory.
      const other = { size: [SIDE, SIDE], counts: [Math.ceil(1e6 * Math.random()), 0] };
      other.counts[1] = SIDE * SIDE - (other.counts[0] as number);
      const all = Array.from({ length: 64 }, (_, i) => ({ image: 0, rle: i === 0 ? other : rle }));
      return statusOf(
        send(`${url}/v1/groups`, {
          method: "POST",
          body: JSON.stringify({ images: [{ data }], options: { seeds: all } }),
          headers: { "content-type": "application/json" },
        }),
      );
    };
  },
};
