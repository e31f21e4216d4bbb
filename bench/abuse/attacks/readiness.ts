import type { Attack } from "../attack.ts";
import { send, statusOf } from "../client.ts";

/** What needs no key and asks every backend. */
export const readiness: Attack = {
  name: "readiness",
  what: "/readyz without a pause, 8 at a time",
  places: ["server", "worker"],
  callers: 8,
  async prepare(url) {
    return () => statusOf(send(`${url}/readyz`));
  },
};
