import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  type api,
  type Batch,
  type BatchPhotograph,
  type BatchResult,
  type BatchSource,
  Cosal,
} from "../../client/index.ts";
import { EXIT } from "../exit-status.ts";
import { batchReporter } from "../report/batch.ts";
import { type PhotographSet, readSets } from "../sets.ts";
import { batchSource } from "../sources/batch.ts";
import { UsageError } from "../usage-error.ts";
import { type MaskArguments, maskSets } from "./segment.ts";

/** Milliseconds that a batch may be followed: as many as a timer takes. */
const FOREVER = 2 ** 31 - 1;

export interface ServiceArguments {
  readonly server?: string | undefined;
  readonly key?: string | undefined;
  readonly quiet: boolean;
}

/** Without `out`, nothing is written here. */
export type BatchMaskArguments = Omit<MaskArguments, "out" | "watch"> & {
  readonly out?: string | undefined;
};

export type CreateArguments = BatchMaskArguments & {
  readonly watch: boolean;
  readonly consensus?: string | undefined;
  readonly parallelism?: number | undefined;
  readonly source?: string | undefined;
  readonly manifest?: string | undefined;
  readonly destination?: string | undefined;
};

/** `cosal batch create PATH...`: uploads what the service does not have, and begins a batch. */
export async function createBatch(args: CreateArguments, signal: AbortSignal): Promise<number> {
  const { destination } = args;
  const source = sourceOf(args);
  if (args.out !== undefined && (source ?? destination) !== undefined) {
    throw new UsageError("Masks of a bucket's photographs go to --destination, others to --out.");
  }
  const sets = source === undefined ? await readSets(args.paths, args) : [];
  const consensus = args.consensus === undefined ? undefined : await consensusOf(args.consensus);
  const reporter = batchReporter(args.quiet);
  let isPartial = false;
  const photographs = source ?? photographsOf(sets, consensus !== undefined);
  const batch = await serviceOf(args).createBatch(photographs, {
    ...(destination !== undefined && { destination, formats: formatsOf(args.format) }),
    ...(consensus !== undefined && { consensus }),
    ...(args.parallelism !== undefined && { parallelism: args.parallelism }),
    ...{ detail: args.detail, signal, timeout: FOREVER },
    onProgress: ({ done, total }) => reporter.uploaded(done, total),
    onRefused(id, error) {
      isPartial = true;
      reporter.say(error.message.includes(id) ? error.message : `${id}: ${error.message}`);
    },
  });
  reporter.end();
  console.log(batch.id);
  if (!args.watch && args.out === undefined) return isPartial ? EXIT.partial : EXIT.done;
  const status = await follow(batch, args, sets, signal);
  return status === EXIT.done && isPartial ? EXIT.partial : status;
}

/** The photographs of the service's bucket that are meant; undefined for folders of this machine. */
function sourceOf({ paths, source, manifest }: CreateArguments): BatchSource | undefined {
  const given = [paths.length > 0, source !== undefined, manifest !== undefined];
  if (given.filter(Boolean).length !== 1) {
    throw new UsageError(
      "Give folders, or a prefix of the service's bucket (--source), or a manifest in it (--manifest).",
    );
  }
  if (source !== undefined) return { source };
  return manifest === undefined ? undefined : { manifest };
}

/** `cosal batch watch BATCH [PATH...]`: follows a batch, and writes its masks where that is wanted. */
export async function watchBatch(
  args: BatchMaskArguments & { readonly batch: string },
  signal: AbortSignal,
): Promise<number> {
  if (args.out !== undefined && args.paths.length === 0) {
    throw new UsageError("To write masks, name the folders that the batch was made of.");
  }
  const sets = args.paths.length === 0 ? [] : await readSets(args.paths, args);
  return follow(serviceOf(args).batch(args.batch), args, sets, signal);
}

/** `cosal batch status BATCH` and the like: prints its state as JSON. */
export async function actOnBatch(
  args: ServiceArguments & { readonly batch: string },
  action: "status" | "pause" | "resume" | "cancel" | "retry",
  signal: AbortSignal,
): Promise<number> {
  const batch = serviceOf(args).batch(args.batch);
  const state = await (action === "status"
    ? batch.state({ signal })
    : batch.act(action, { signal }));
  console.log(JSON.stringify(state, null, 2));
  return EXIT.done;
}

async function follow(
  batch: Batch,
  args: BatchMaskArguments,
  sets: readonly PhotographSet[],
  signal: AbortSignal,
): Promise<number> {
  const reporter = batchReporter(args.quiet);
  let last: api.Batch | undefined;
  for await (const state of batch.states({ signal, timeout: FOREVER })) {
    last = state;
    reporter.state(state);
  }
  reporter.end();
  if (last !== undefined) reporter.summary(last);
  const { out } = args;
  if (out === undefined) return last?.counts.failed === 0 ? EXIT.done : EXIT.partial;
  return writeMasks(batch, { ...args, out, watch: false }, sets, signal);
}

/** As `cosal PATH...` writes them. The results are in the order of the sets that were sent. */
async function writeMasks(
  batch: Batch,
  args: MaskArguments,
  sets: readonly PhotographSet[],
  signal: AbortSignal,
): Promise<number> {
  const results = batch.results({ signal, timeout: FOREVER });
  let next = await results.next();
  const statuses: number[] = [];
  await using source = await batchSource(batch, signal);
  for (const set of sets) {
    const names = new Map(set.photographs.map(({ name }) => [idOf(set, name), name]));
    const own = new Map<string, BatchResult>();
    for (; !next.done; next = await results.next()) {
      const name = names.get(next.value.id);
      if (name === undefined) break;
      own.set(name, next.value);
    }
    source.results = own;
    statuses.push(await maskSets([set], source, args, signal, async () => []));
  }
  if (!next.done) {
    throw new UsageError(
      `${next.value.id} is in the batch, and not in the folders that are named.`,
    );
  }
  if (statuses.every((status) => status === EXIT.failed)) return EXIT.failed;
  return statuses.every((status) => status === EXIT.done) ? EXIT.done : EXIT.partial;
}

function* photographsOf(
  sets: readonly PhotographSet[],
  hasConsensus: boolean,
): Generator<BatchPhotograph> {
  for (const set of sets) {
    for (const { name, path } of set.photographs) {
      const group = hasConsensus ? {} : { group: set.folder || set.title };
      yield { id: idOf(set, name), file: () => openAsBlob(path), ...group };
    }
  }
}

/** What a photograph is called in a batch. */
function idOf({ folder }: PhotographSet, name: string): string {
  return folder === "" ? name : `${folder.replaceAll("\\", "/")}/${name}`;
}

function formatsOf(formats: readonly string[] = []): string[] {
  return formats.flatMap((format) => format.split(","));
}

/** A file of `cosal learn`, or a group of the service. */
async function consensusOf(text: string): Promise<string | Uint8Array<ArrayBuffer>> {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  const file = await readFile(text).catch(() => undefined);
  if (file === undefined) throw new UsageError(`There is no file ${text}.`);
  return new Uint8Array(file);
}

function serviceOf({ server, key }: Pick<ServiceArguments, "server" | "key">): Cosal {
  if (server === undefined) throw new UsageError("Say where: --server, or COSAL_SERVER.");
  return new Cosal({ url: server, ...(key !== undefined && { key }) });
}
