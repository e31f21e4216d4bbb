import { once } from "node:events";
import { syntheticPhotograph } from "../../photographs.ts";
import type { Attack } from "../attack.ts";
import { begin, formOf } from "../client.ts";

/** Asks for files and takes none of them. */
export const unread: Attack = {
  name: "unread",
  what: "ZIPs of 8 overlays of 4 megapixels that nobody reads, 8 at a time",
  places: ["server", "worker"],
  callers: 8,
  async prepare(url) {
    const files = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => ({
        name: `${i}.jpg`,
        bytes: await syntheticPhotograph(2000, 2000, i),
      })),
    );
    const { body, headers } = formOf(files);
    return async () => {
      const socket = await begin(url, "/v1/groups?output=overlay", {
        ...headers,
        accept: "application/zip",
        "content-length": String(body.length),
      });
      socket.write(body);
      // A connection that is cut off is made anew; one that lives is left hanging.
      await once(socket, "close").catch(() => {});
    };
  },
};
