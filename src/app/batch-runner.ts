import { CosalError } from "../errors.ts";
import { type SkippedImage, sha256 } from "../group/index.ts";
import { representatives } from "../group/representatives.ts";
import {
  type BatchFormat,
  type BatchLine,
  type LineProblem,
  type LineResult,
  type RunUnit,
  type StoredLine,
  variantOf,
} from "./batches/index.ts";
import { planGroup } from "./compute/plan.ts";
import { runGroup } from "./compute/run.ts";
import type { AppDependencies } from "./context/dependencies.ts";
import { Service } from "./context/service.ts";
import { renderFile } from "./representation/files.ts";
import { typeOf, type Variant } from "./representation/variants.ts";
import { tooLarge } from "./upload/image-spool.ts";

/** Timeout of one group of a batch, in milliseconds. */
const GROUP_TIMEOUT = 10 * 60_000;

/** The results of lines, and the group that they are stored with. */
interface Masked {
  readonly group: string;
  readonly results: readonly LineResult[];
}

/**
 * Computes the work units of batches and writes the masks to the tenant's stores. A photograph that
 * cannot be read gets a result with the error, and the others are masked without it. If a photograph
 * is no longer stored, its group is not masked, since its masks would be different.
 */
export function batchRunner(dependencies: AppDependencies): RunUnit {
  const service = new Service(dependencies);
  return async function* runUnit(request, unit, { signal, isPending }) {
    const { tenant, consensusOf } = request;
    const stores = dependencies.stores(service.storeOf(tenant));
    const requestContext = {
      id: request.request,
      tenant,
      stores,
      traceparent: request.traceparent,
    };
    const bucket = dependencies.batchBucket?.(tenant);
    const context = await service.planContext(requestContext);

    async function masked(lines: readonly StoredLine[], consensus?: string): Promise<Masked> {
      const images = lines.map(({ id, sha256 }) => ({ id, sha256 }));
      const { backend, detail } = request;
      const group = await planGroup(
        {
          ...{ images, seeds: [], onError: "skip", detail, backend },
          ...(consensus === undefined ? { model: request.model.name } : { consensusOf: consensus }),
        },
        context,
      );
      if (group.model.digest !== request.model.digest) throw anotherModel();
      const steps = runGroup(
        group,
        service.runContext(requestContext, context.models, {
          ...{ signal, caller: `batch ${tenant}`, withRecords: false, isBackground: true },
          deadline: Date.now() + GROUP_TIMEOUT,
        }),
      );
      const skipped = new Map<string, SkippedImage>();
      try {
        for await (const step of steps) {
          if (step.type === "skipped") skipped.set(step.skipped.sha256, step.skipped);
          if (step.type !== "done") continue;
          const found = new Map(step.result.images.map((image) => [image.sha256, image]));
          return {
            group: group.id,
            results: lines.map((line): LineResult => {
              const image = found.get(line.sha256);
              return image === undefined
                ? { ...line, problem: reasonOf(skipped.get(line.sha256)) }
                : { ...line, result: group.id, image };
            }),
          };
        }
      } catch (error) {
        const isEmpty = error instanceof CosalError && error.code === "group_empty";
        if (!isEmpty || skipped.size === 0) throw error;
        const results = lines.map((line) => ({
          ...line,
          problem: reasonOf(skipped.get(line.sha256)),
        }));
        return { group: group.id, results };
      }
      throw new Error("a group ended without a result");
    }

    async function* results(): AsyncGenerator<LineResult> {
      const lines: StoredLine[] = [];
      for (const line of consensusOf === undefined ? unit : unit.filter(isPending)) {
        const found = await located(line);
        if ("problem" in found) yield found;
        else lines.push(found);
      }
      if (lines.length === 0) return;
      if (consensusOf !== undefined) {
        const stored = await stores.images.has(lines.map(({ sha256 }) => sha256));
        const here = lines.filter(({ sha256 }) => stored.has(sha256));
        for (const line of lines) {
          if (!stored.has(line.sha256)) yield { ...line, problem: missing() };
        }
        if (here.length > 0) yield* (await masked(here, consensusOf)).results;
        return;
      }
      const most = dependencies.limits.images;
      const makers = new Set(representatives(lines.length, most).map((place) => lines[place]));
      const first = await masked(lines.filter((line) => makers.has(line)));
      yield* first.results;
      const rest = lines.filter((line) => !makers.has(line));
      for (let at = 0; at < rest.length; at += most) {
        const several = rest.slice(at, at + most);
        if (several.some(isPending)) yield* (await masked(several, first.group)).results;
      }
    }

    /** The line with its photograph in the store. */
    async function located(
      line: BatchLine,
    ): Promise<StoredLine | (BatchLine & { readonly problem: LineProblem })> {
      const { sha256, key } = line;
      if (sha256 !== undefined) return { ...line, sha256 };
      try {
        return { ...line, sha256: await fetched(key ?? "") };
      } catch (error) {
        if (!(error instanceof CosalError) || !error.isCallerFault) throw error;
        return { ...line, problem: problemOf(error) };
      }
    }

    /** Takes a photograph from the bucket to the store. @returns its SHA-256 */
    async function fetched(key: string): Promise<string> {
      const { decoder, limits } = dependencies;
      const file = await bucket?.get(key);
      if (file === undefined) {
        throw new CosalError("not_found", "There is no such photograph in the bucket.");
      }
      if (file.length > limits.imageBytes) throw tooLarge(limits.imageBytes, file.length);
      decoder.inspect(file);
      const digest = await sha256(file);
      await stores.images.put(digest, file);
      return digest;
    }

    /** Writes the files of a result to where they are wanted. */
    async function delivered(result: LineResult): Promise<LineResult> {
      const { destination, formats } = request;
      if (destination === undefined || bucket === undefined || "problem" in result) return result;
      const { image, result: group, id } = result;
      const record = await stores.groups.mask(group, image.sha256);
      if (record === undefined) throw new Error("a mask was lost on its way to the bucket");
      const requester = { signal, caller: `batch ${tenant}`, isBackground: true };
      const context = service.fileContext({ stores }, requester);
      const keys: Record<string, string> = {};
      for (const format of formats) {
        const variant = variantOf(format, request);
        const key = `${destination}${id}.${suffixOf(format, variant)}`;
        const file = await renderFile(image.sha256, record, variant, context);
        await bucket.put(key, file, typeOf(variant));
        keys[format] = key;
      }
      return { ...result, keys };
    }

    try {
      for await (const result of results()) if (isPending(result)) yield await delivered(result);
    } catch (error) {
      if (!(error instanceof CosalError) || !error.isCallerFault) throw error;
      const problem = problemOf(error);
      for (const line of unit.filter(isPending)) yield { ...line, problem };
    }
  };
}

/** `cat.jpg.png`, and `cat.jpg.cutout.png`: no two formats of a photograph have the same name. */
function suffixOf(format: BatchFormat, { kind, suffix }: Variant): string {
  return kind === "masks" ? suffix : `${format}.${suffix}`;
}

function problemOf({ code, message: detail, limit }: CosalError): LineProblem {
  return { code, detail, ...(limit && { limit }) };
}

function reasonOf(skipped: SkippedImage | undefined): LineProblem {
  if (skipped === undefined) throw new Error("a backend left a photograph out");
  const { code, detail, limit } = skipped;
  return { code, detail, ...(limit && { limit }) };
}

function missing(): LineProblem {
  const detail = "The photograph is no longer stored here. Send it again and retry the batch.";
  return { code: "images_missing", detail };
}

/** A new deployment has changed the model. Its name is the same, but its masks are different. */
function anotherModel(): CosalError {
  return new CosalError(
    "model_unknown",
    "The model of the batch is no longer available. Send the batch again.",
  );
}
