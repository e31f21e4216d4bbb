import type { Attack } from "../attack.ts";
import { formOf, send, statusOf } from "../client.ts";
import { progressiveJpeg } from "../progressive.ts";

const SIDE = { server: 8600, worker: 2600 };

/** Who hangs up takes their work along, and the next in line is somebody else. */
export const hangUp: Attack = {
  name: "hang up",
  what: "six large progressive JPEGs at once, each another; hangs up after half a second",
  places: ["server", "worker"],
  callers: 6,
  async prepare(url, place) {
    let count = 0;
    const jpeg = progressiveJpeg(SIDE[place], SIDE[place], 15);
    return () => {
      const bytes = Buffer.concat([jpeg, Buffer.from(`${process.pid} ${count++}`)]);
      const { body, headers } = formOf([{ name: "large.jpg", bytes }]);
      const signal = AbortSignal.timeout(500);
      return statusOf(send(`${url}/v1/groups`, { method: "POST", body, headers, signal }));
    };
  },
};
