import { type FileHandle, mkdir, open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type {
  BatchHeader,
  BatchLine,
  BatchRecord,
  BatchStorage,
  PlacedRecord,
} from "../../app/index.ts";
import { encodeLine } from "../jobs/journal-lines.ts";
import { withFile, writeAll } from "../storage/open-file.ts";
import { privateFolder } from "../storage/private-folder.ts";
import { type OnFault, storeError } from "../storage/store-fault.ts";
import { syncFolder } from "../storage/sync-folder.ts";
import { readLines, readLinesAt } from "./line-file.ts";

export interface DiskBatchStorageOptions {
  readonly path: string;
  /** Maximum bytes of all batches together. */
  readonly bytes: number;
  readonly onFault?: OnFault;
}

interface Files {
  manifest: number;
  /** Bytes of the journal's complete lines. */
  journal: number;
}

/** Bytes of a manifest per write. */
const CHUNK = 64 * 1024;

/**
 * A folder for each batch with its manifest and an append-only journal. A batch exists when its journal
 * has its first line. An incomplete last line is cut off when the journal is read.
 */
export async function diskBatchStorage({
  path,
  bytes,
  onFault = () => {},
}: DiskBatchStorageOptions): Promise<BatchStorage> {
  await privateFolder(path);
  const batches = new Map<string, Files>();
  const folderOf = (id: string) => join(path, id);
  const manifestOf = (id: string) => join(path, id, "manifest");
  const journalOf = (id: string) => join(path, id, "journal");
  const filesOf = (id: string) => batches.get(id) ?? { manifest: 0, journal: 0 };

  /** Counts faults of the disk and throws their error codes. */
  async function onDisk<T>(kind: "read" | "write" | "delete", work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      onFault(kind, error);
      throw storeError(error);
    }
  }

  async function* recover(id: string, headerEnd: number): AsyncGenerator<PlacedRecord> {
    const own = filesOf(id);
    own.journal = headerEnd;
    const file = journalOf(id);
    const { size } = await stat(file);
    for await (const { value, start, end } of readLines(file, headerEnd, size)) {
      own.journal = end;
      yield { record: value as BatchRecord, start, end };
    }
    if (own.journal === size) return;
    onFault("torn");
    await truncate(file, own.journal);
  }

  async function headerOf(id: string): Promise<{ header: BatchHeader; end: number } | undefined> {
    const size = (await stat(journalOf(id)).catch(() => undefined))?.size ?? 0;
    for await (const { value, end } of readLines(journalOf(id), 0, size)) {
      return { header: value as BatchHeader, end };
    }
    return undefined;
  }

  return {
    bytes,
    async *list() {
      for (const id of await readdir(path)) {
        const found = await headerOf(id);
        if (found === undefined) {
          onFault("unfinished");
          await rm(folderOf(id), { recursive: true, force: true });
          continue;
        }
        const { size } = await stat(manifestOf(id));
        batches.set(id, { manifest: size, journal: found.end });
        yield { header: found.header, records: recover(id, found.end) };
      }
    },
    async writeManifest(id, lines) {
      const files = { manifest: 0, journal: 0 };
      await onDisk("write", () => mkdir(folderOf(id), { recursive: true, mode: 0o700 }));
      const file = await onDisk("write", () => open(manifestOf(id), "w"));
      try {
        for await (const text of chunks(lines)) {
          const chunk = Buffer.from(text);
          await onDisk("write", () => writeAll(file, chunk, files.manifest));
          files.manifest += chunk.length;
        }
        await onDisk("write", () => file.sync());
        batches.set(id, files);
      } catch (error) {
        await rm(folderOf(id), { recursive: true, force: true }).catch(() => {});
        throw error;
      } finally {
        await file.close();
      }
    },
    async *readManifest(id) {
      let file: FileHandle | undefined;
      try {
        file = await open(manifestOf(id));
        for await (const line of file.readLines()) yield JSON.parse(line) as BatchLine;
      } catch (error) {
        onFault("read", error);
        throw storeError(error);
      } finally {
        await file?.close();
      }
    },
    async create(header) {
      const line = encodeLine(header);
      await onDisk("write", async () => {
        await withFile(journalOf(header.id), "wx", async (file) => {
          await writeAll(file, line, 0);
          await file.sync();
        });
        await syncFolder(folderOf(header.id));
        await syncFolder(path);
      });
      filesOf(header.id).journal = line.length;
    },
    async append(id, records) {
      const files = filesOf(id);
      const lines = records.map(encodeLine);
      const place = files.journal;
      await onDisk("write", () =>
        withFile(journalOf(id), "r+", (file) => writeAll(file, Buffer.concat(lines), place)),
      );
      return records.map((record, i) => {
        const start = files.journal;
        files.journal += lines[i]?.length ?? 0;
        return { record, start, end: files.journal };
      });
    },
    async sync(id) {
      await onDisk("write", () => withFile(journalOf(id), "r+", (file) => file.sync()));
    },
    async isEnd(id, place) {
      if (place === 0) return true;
      if (place > filesOf(id).journal) return false;
      return onDisk("read", () =>
        withFile(journalOf(id), "r", async (file) => {
          const { buffer } = await file.read(Buffer.alloc(1), 0, 1, place - 1);
          return buffer[0] === LINE_FEED;
        }),
      );
    },
    async *records(id, after) {
      const end = filesOf(id).journal;
      const from = after > 0 ? after : ((await onDisk("read", () => headerOf(id)))?.end ?? end);
      for await (const line of readLines(journalOf(id), from, end)) {
        yield { record: line.value as BatchRecord, start: line.start, end: line.end };
      }
    },
    async *read(id, starts) {
      for await (const value of readLinesAt(journalOf(id), starts)) yield value as BatchRecord;
    },
    sizeOf(id) {
      const { manifest, journal } = filesOf(id);
      return manifest + journal;
    },
    async remove(id) {
      await onDisk("delete", () => rm(folderOf(id), { recursive: true, force: true }));
      batches.delete(id);
    },
  };
}

const LINE_FEED = 10;

async function* chunks(lines: AsyncIterable<BatchLine>): AsyncGenerator<string> {
  let text = "";
  for await (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length < CHUNK) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}
