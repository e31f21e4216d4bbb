import type { Attack } from "../attack.ts";
import { formOf, send, statusOf } from "../client.ts";
import { progressiveJpeg } from "../progressive.ts";

/** With 99 scans just within what each takes (`maxScannedBlocks`). */
const SIDE = { server: 6400, worker: 3900 };

/** A walk over the whole picture for each of its scans, of which each takes a few bytes. */
export const scans: Attack = {
  name: "scans",
  what: "a progressive JPEG of 99 scans, as large as is taken, another each time",
  places: ["server", "worker"],
  callers: 2,
  async prepare(url, place) {
    let count = 0;
    const jpeg = progressiveJpeg(SIDE[place], SIDE[place], 99);
    return () => {
      const bytes = Buffer.concat([jpeg, Buffer.from(`${process.pid} ${count++}`)]);
      const { body, headers } = formOf([{ name: "scans.jpg", bytes }]);
      return statusOf(send(`${url}/v1/groups`, { method: "POST", body, headers }));
    };
  },
};
