import type { BatchHeader, BatchLine, BatchRecord, BatchStorage, PlacedRecord } from "./types.ts";

/** Batches in this process's memory. They are lost with the process. */
export function memoryBatchStorage(bytes = Number.POSITIVE_INFINITY): BatchStorage {
  const manifests = new Map<string, readonly BatchLine[]>();
  const headers = new Map<string, BatchHeader>();
  const journals = new Map<string, BatchRecord[]>();
  const journal = (id: string) => journals.get(id) ?? [];
  const placed = (record: BatchRecord, start: number): PlacedRecord => ({
    record,
    start,
    end: start + 1,
  });

  async function* records(id: string, after: number): AsyncGenerator<PlacedRecord> {
    for (const [i, record] of journal(id).slice(after).entries()) yield placed(record, after + i);
  }

  return {
    bytes,
    async *list() {
      for (const header of headers.values()) yield { header, records: records(header.id, 0) };
    },
    async writeManifest(id, lines) {
      manifests.set(id, await Array.fromAsync(lines));
    },
    async *readManifest(id) {
      yield* manifests.get(id) ?? [];
    },
    async create(header) {
      headers.set(header.id, header);
      journals.set(header.id, []);
    },
    async append(id, added) {
      const own = journal(id);
      const start = own.length;
      own.push(...added);
      return added.map((record, i) => placed(record, start + i));
    },
    async sync() {},
    isEnd: async (id, place) => place <= journal(id).length,
    records,
    async *read(id, starts) {
      for (const start of starts) yield journal(id)[start] as BatchRecord;
    },
    sizeOf: (id) => 100 * ((manifests.get(id)?.length ?? 0) + journal(id).length),
    async remove(id) {
      for (const map of [manifests, headers, journals]) map.delete(id);
    },
  };
}
