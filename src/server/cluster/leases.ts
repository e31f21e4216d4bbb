import {
  type Log,
  type SharedLease,
  type SingleFlight,
  sharedSingleFlight,
} from "../../app/index.ts";
import { type ClusterConnection, PREFIX } from "./connection.ts";

/** Milliseconds after which the lease of a server that has died is free again. */
const LEASE_TIMEOUT = 10_000;
const RENEWAL_INTERVAL = 3_000;

/** Maximum time that a lease is renewed, in milliseconds. */
const MAX_LEASE_TIME = 10 * 60_000;

/** Only the holder of a lease may renew or end it. */
const RENEW = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`;
const RELEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("PUBLISH", KEYS[1], "")
return redis.call("DEL", KEYS[1])`;

/** Single flight across all servers. While Redis is away, each server has its own. */
export function clusterSingleFlight(connection: ClusterConnection, log: Log): SingleFlight {
  return sharedSingleFlight({ stubOf: leasesOf(connection), waitUntil: () => {}, log });
}

/** Leases for computations on one of the servers. */
export function leasesOf({ commands, notifier }: ClusterConnection): (key: string) => SharedLease {
  return function leaseOf(key) {
    const name = `${PREFIX}:lease:${key}`;
    let renewal: NodeJS.Timeout | undefined;
    return {
      async acquire(holder) {
        const taken = await commands.set(name, holder, "PX", LEASE_TIMEOUT, "NX");
        if (taken !== "OK") return false;
        const end = Date.now() + MAX_LEASE_TIME;
        // Requests are not dropped on a server, so the process renews the lease until its release.
        renewal = setInterval(() => {
          if (Date.now() > end) return clearInterval(renewal);
          commands.eval(RENEW, 1, name, holder, LEASE_TIMEOUT).catch(() => {});
        }, RENEWAL_INTERVAL);
        renewal.unref();
        return true;
      },
      async renew() {},
      async release(holder) {
        clearInterval(renewal);
        await commands.eval(RELEASE, 1, name, holder);
      },
      async ended() {
        const subscription = notifier.subscribe(name);
        try {
          if ((await commands.exists(name)) === 0) return true;
          await subscription.next();
          return (await commands.exists(name)) === 0;
        } finally {
          subscription.end();
        }
      },
    };
  };
}
