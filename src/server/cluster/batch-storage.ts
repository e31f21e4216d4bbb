import type { Redis } from "ioredis";
import type {
  BatchHeader,
  BatchLine,
  BatchRecord,
  BatchStorage,
  PlacedRecord,
} from "../../app/index.ts";
import { type ClusterConnection, PREFIX, redisError } from "./connection.ts";
import { leasesOf } from "./leases.ts";

const BATCHES = `${PREFIX}:batches`;
const CHANGES = `${PREFIX}:batches:changes`;

/**
 * A list with an empty entry for each photograph without a result, since KEDA scales on a list's length.
 * It expires when no server has written it for a minute.
 */
export const PENDING_BATCHES = `${PREFIX}:batches:pending`;
const MAX_PENDING = 1_000;
const PENDING_LIFETIME = 60_000;

/** Bytes of a manifest per write. */
const CHUNK = 64 * 1024;

/** Records per read. */
const PAGE = 500;

/** Assumed bytes of a record, to estimate the used room. */
const RECORD_BYTES = 400;

/**
 * Adds records to a journal, numbered from 1, all of them or none.
 *
 * KEYS: header, journal. ARGV: channel of changes, id, record...
 * Returns how many there were before; -1 when there is no such batch.
 */
const APPEND = `
if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
local last = redis.call("XLEN", KEYS[2])
for i = 3, #ARGV do
  redis.call("XADD", KEYS[2], (last + i - 2) .. "-0", "record", ARGV[i])
end
redis.call("PUBLISH", ARGV[1], ARGV[2])
return last`;

type Append = Redis & { cosalBatchAppend(...args: readonly (string | number)[]): Promise<number> };

/**
 * Batches that several servers share. Redis has a header, a manifest in pieces and a journal for each. The
 * journal is a stream that all servers write to and read in the same order. The holder of a unit's lease
 * computes it.
 *
 * @param bytes maximum of Redis' memory for batches
 */
export function clusterBatchStorage(connection: ClusterConnection, bytes: number): BatchStorage {
  const { commands, notifier } = connection;
  const leases = leasesOf(connection);
  commands.defineCommand("cosalBatchAppend", { numberOfKeys: 2, lua: APPEND });
  const headerOf = (id: string) => `${PREFIX}:batch:${id}`;
  const manifestOf = (id: string) => `${headerOf(id)}:manifest`;
  const journalOf = (id: string) => `${headerOf(id)}:journal`;
  /** Known bytes of manifests and numbers of journal records. */
  const sizes = new Map<string, { manifest: number; records: number }>();
  const sizeOf = (id: string) => {
    const size = sizes.get(id) ?? { manifest: 0, records: 0 };
    sizes.set(id, size);
    return size;
  };

  /** Throws the error code of a Redis error. */
  async function inRedis<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw redisError(error);
    }
  }

  async function* records(id: string, after: number): AsyncGenerator<PlacedRecord> {
    for (let last = after; ; ) {
      const page = await inRedis(
        commands.xrange(journalOf(id), `${last + 1}-0`, "+", "COUNT", PAGE),
      );
      for (const [name, [, text = ""]] of page) {
        last = Number.parseInt(name, 10);
        sizeOf(id).records = Math.max(sizeOf(id).records, last);
        yield { record: JSON.parse(text) as BatchRecord, start: last - 1, end: last };
      }
      if (page.length < PAGE) return;
    }
  }

  const remove = (id: string) =>
    commands.multi().srem(BATCHES, id).del(headerOf(id), manifestOf(id), journalOf(id)).exec();

  return {
    bytes,
    async *list() {
      for (const id of await inRedis(commands.smembers(BATCHES))) {
        const [header, size] = await inRedis(commands.hmget(headerOf(id), "header", "size"));
        if (!header) continue;
        sizeOf(id).manifest = Number(size);
        yield { header: JSON.parse(header) as BatchHeader, records: records(id, 0) };
      }
    },
    async writeManifest(id, lines) {
      await inRedis(commands.del(manifestOf(id)));
      let size = 0;
      let text = "";
      const write = async () => {
        await inRedis(commands.rpush(manifestOf(id), text));
        size += text.length;
        text = "";
      };
      try {
        for await (const line of lines) {
          text += `${JSON.stringify(line)}\n`;
          if (text.length >= CHUNK) await write();
        }
        if (text !== "") await write();
        sizeOf(id).manifest = size;
      } catch (error) {
        await commands.del(manifestOf(id)).catch(() => {});
        throw error;
      }
    },
    async *readManifest(id) {
      for (let i = 0; ; i++) {
        const text = await inRedis(commands.lindex(manifestOf(id), i));
        if (text === null) return;
        for (const line of text.split("\n")) if (line !== "") yield JSON.parse(line) as BatchLine;
      }
    },
    async create(header) {
      const { id } = header;
      const fields = { header: JSON.stringify(header), size: sizeOf(id).manifest };
      await inRedis(commands.multi().hset(headerOf(id), fields).sadd(BATCHES, id).exec());
      await commands.publish(CHANGES, id).catch(() => {});
    },
    async append(id, added) {
      const texts = added.map((record) => JSON.stringify(record));
      const last = await inRedis(
        (commands as Append).cosalBatchAppend(headerOf(id), journalOf(id), CHANGES, id, ...texts),
      );
      if (last < 0) throw redisError(new Error(`the batch ${id} is not there any more`));
      return added.map((record, i) => ({ record, start: last + i, end: last + i + 1 }));
    },
    /** As durable as Redis is configured. */
    async sync() {},
    isEnd: async (id, place) => place <= (await inRedis(commands.xlen(journalOf(id)))),
    records,
    async *read(id, starts) {
      const recordAt = async (start: number) => {
        const place = `${start + 1}-0`;
        const [found] = await commands.xrange(journalOf(id), place, place);
        return found?.[1][1];
      };
      for (const page of pagesOf(starts)) {
        for (const text of await inRedis(Promise.all(page.map(recordAt)))) {
          if (text !== undefined) yield JSON.parse(text) as BatchRecord;
        }
      }
    },
    sizeOf: (id) => sizeOf(id).manifest + RECORD_BYTES * sizeOf(id).records,
    async remove(id) {
      await inRedis(remove(id));
      sizes.delete(id);
      // Without an id, servers look for new and removed batches.
      await commands.publish(CHANGES, "").catch(() => {});
    },
    shared: {
      async claim(id, unit) {
        const holder = crypto.randomUUID();
        const lease = leases(`batch/${id}/${unit}`);
        if (!(await inRedis(lease.acquire(holder)))) return undefined;
        return { release: () => lease.release(holder).catch(() => {}) };
      },
      async announce(pending) {
        const entries = Array<string>(Math.min(pending, MAX_PENDING)).fill("");
        const all = commands.multi().del(PENDING_BATCHES);
        if (pending > 0) {
          all.rpush(PENDING_BATCHES, ...entries).pexpire(PENDING_BATCHES, PENDING_LIFETIME);
        }
        await inRedis(all.exec());
      },
      listen: (listener) => notifier.listen(CHANGES, listener),
    },
  };
}

function* pagesOf<T>(values: Iterable<T>): Generator<readonly T[]> {
  let page: T[] = [];
  for (const value of values) {
    page.push(value);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}
