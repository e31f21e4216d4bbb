import type { Attack } from "../attack.ts";
import { formOf, send, statusOf } from "../client.ts";
import { progressiveJpeg } from "../progressive.ts";

/** A walk over the whole picture for each of its scans, of which each takes a few bytes. */
export const scans: Attack = {
  name: "scans",
  what: "a progressive JPEG of 99 scans, the same each time",
  places: ["server", "worker"],
  callers: 2,
  async prepare(url, place) {
    const side = place === "server" ? 8600 : 2600;
    const { body, headers } = formOf([
      { name: "scans.jpg", bytes: progressiveJpeg(side, side, 99) },
    ]);
    // Left out of the group, so that it is tried again each time.
    const target = `${url}/v1/groups?on_error=skip`;
    return () => statusOf(send(target, { method: "POST", body, headers }));
  },
};
