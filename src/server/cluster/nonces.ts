import type { Redis } from "ioredis";
import { type Nonces, SIGNATURE_WINDOW } from "../../app/access/request-signature.ts";
import { PREFIX } from "./connection.ts";

/**
 * Nonces of signed requests that any of the servers has accepted. While Redis is away, each server only
 * knows its own.
 *
 * @param own this server's nonces, which are checked first
 */
export function sharedNonces(redis: Redis, own: Nonces, onFault: (error: unknown) => void): Nonces {
  return {
    async take(nonce, now) {
      if (!(await own.take(nonce, now))) return false;
      try {
        const key = `${PREFIX}:nonce:${nonce}`;
        const isNew = await redis.set(key, "", "PX", 2 * SIGNATURE_WINDOW, "NX");
        return isNew === "OK";
      } catch (error) {
        onFault(error);
        return true;
      }
    },
  };
}
