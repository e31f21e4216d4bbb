import { once } from "node:events";
import type { Redis, RedisOptions } from "ioredis";
import type { BackendState } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { storeFull, storeUnavailable } from "../../group/index.ts";
import { loadOptional } from "../../optional-package.ts";
import { Notifier } from "./notifier.ts";

/**
 * Begins the name of every key. The braces keep all of them in one slot of a Redis cluster, where a
 * script may touch several.
 */
export const PREFIX = "{cosal}";

/** Milliseconds that a command may take. */
const COMMAND_TIMEOUT = 2_000;

/** Milliseconds until the next attempt to connect. */
const reconnectDelay = (attempts: number) => Math.min(50 * 2 ** attempts, 2_000);

export interface ConnectionOptions {
  readonly url: string;
  /** Called with errors of the connections. While Redis is away, they repeat. */
  readonly onError: (error: Error) => void;
}

/**
 * Redis (or Valkey, which speaks the same), through `ioredis`, an optional package that BullMQ wants
 * too. While Redis is away, commands fail at once, and blocking connections wait until it is back.
 */
export class ClusterConnection {
  /** Commands that do not block. */
  readonly commands: Redis;
  readonly notifier: Notifier;
  readonly #open: (options: RedisOptions) => Redis;
  readonly #opened: Redis[] = [];

  private constructor(open: (options: RedisOptions) => Redis) {
    this.#open = open;
    this.commands = this.#connect({
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT,
    });
    this.notifier = new Notifier(this.patient());
  }

  /**
   * Waits for the connection, but not for long: the server starts without it.
   *
   * @throws CosalError backend_unavailable if the package is not installed
   * @throws QueueUnusable when Redis does not let this server in
   */
  static async open({ url, onError }: ConnectionOptions): Promise<ClusterConnection> {
    const { Redis } = await loadOptional("ioredis", () => import("ioredis"));
    let refusal: Error | undefined;
    const connection = new ClusterConnection((options) => {
      const redis = new Redis(url, { ...options, retryStrategy: reconnectDelay });
      redis.on("error", (error: Error) => {
        if (REFUSED.test(error.message)) refusal = error;
        onError(scrubbed(error));
      });
      return redis;
    });
    const signal = AbortSignal.timeout(COMMAND_TIMEOUT);
    // With a wrong password, it connects but refuses every command.
    await once(connection.commands, "ready", { signal }).catch(() => {});
    await connection.#checkPolicy(onError).catch((error: Error) => {
      if (REFUSED.test(error.message)) refusal = error;
    });
    if (refusal === undefined) return connection;
    connection.close();
    throw new QueueUnusable("Redis does not take the user and the password.");
  }

  /** Jobs must not be evicted. */
  async #checkPolicy(onError: (error: Error) => void): Promise<void> {
    const [, policy] = /maxmemory_policy:(\S+)/.exec(await this.commands.info("memory")) ?? [];
    if (policy === undefined || policy === "noeviction") return;
    onError(new Error(`Redis has the maxmemory-policy ${policy}, and may forget jobs: noeviction`));
  }

  /** Another connection, whose commands wait until Redis is back. */
  patient(): Redis {
    return this.#connect({ maxRetriesPerRequest: null });
  }

  /** Whether Redis accepts writes now. */
  async state(): Promise<BackendState> {
    try {
      await this.commands.set(`${PREFIX}:sample`, "", "PX", 1000);
      return { name: "redis", ready: true, reason: "it can be written" };
    } catch (error) {
      const isFull = redisError(error).code === "store_full";
      const reason = isFull ? "its memory is full" : "it cannot be reached";
      return { name: "redis", ready: false, reason };
    }
  }

  close(): void {
    for (const redis of this.#opened) redis.disconnect();
  }

  #connect(options: RedisOptions): Redis {
    const redis = this.#open(options);
    this.#opened.push(redis);
    return redis;
  }
}

/** Redis refuses this server for good. */
export class QueueUnusable extends Error {
  override readonly name = "QueueUnusable";
}

const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM)|invalid password/;

/** The same error for the log, without the command, which may have a password or a caller's data. */
export function scrubbed(error: Error): Error {
  Reflect.deleteProperty(error, "command");
  return error;
}

/** The error code for an error of Redis. */
export function redisError(error: unknown): CosalError {
  if (error instanceof CosalError) return error;
  scrubbed(error as Error);
  // maxmemory is reached, and nothing may be evicted.
  const isFull = /\bOOM\b/.test((error as Error).message);
  return isFull ? storeFull(error) : storeUnavailable(error);
}

/** Resolves or fails within the time limit of a command. */
export async function promptly<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Redis does not answer")), COMMAND_TIMEOUT);
  try {
    return await Promise.race([work, late.promise]);
  } catch (error) {
    throw redisError(error);
  } finally {
    clearTimeout(timer);
  }
}
