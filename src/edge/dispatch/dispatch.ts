import type {
  Compute,
  ComputeContext,
  ComputeEvent,
  ComputeJob,
  LoadableImage,
  Log,
} from "../../app/index.ts";
import type { CircuitBreaker, Permit } from "../../circuit-breaker.ts";
import type { DecodedElsewhere, Decoder } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { GpuBackend } from "../gpu/backend.ts";
import { BackendFailure } from "../gpu/backend-failure.ts";
import { estimate, type ImageCost } from "./cost.ts";
import { decodersOf, decoding } from "./decoders.ts";
import { type DispatchLimits, type Place, planFor } from "./policy.ts";
import { rank } from "./rendezvous-hash.ts";

/** A GPU backend and what is known of its health. */
export interface GuardedBackend extends GpuBackend {
  readonly breaker: CircuitBreaker;
}

export interface DispatchParts {
  /** This isolate's own network. */
  readonly wasm: Compute;
  /** Of this isolate. */
  readonly decoder: Pick<Decoder, "inspect">;
  /** What the network that is served takes for one photograph. */
  readonly cost: () => Promise<ImageCost>;
  readonly limits: DispatchLimits;
  readonly gpus: readonly GuardedBackend[];
  /** How many of the group's images have their features in a cache. */
  readonly known: (job: ComputeJob) => Promise<number>;
  readonly log: Log;
}

/** GPU backends that are tried for one group: the preferred one, and one more. */
const ATTEMPTS = 2;

/** Seconds after which it is worth to come again, where no backend says. */
const RETRY_AFTER = 5;

/**
 * Computes each group where it is cheapest to: in this isolate what it does in little time, on a GPU
 * what takes longer. Who cannot take it now is passed over for the next; when nobody is left, the
 * answer is backend_unavailable with all the reasons. Every answer says where it comes from, and why.
 */
export function dispatch(parts: DispatchParts): Compute {
  const { wasm, gpus, limits } = parts;

  return async function* dispatched(job, context) {
    const { signal } = context;
    const decoders = await decodersOf(job, gpus, signal);
    let candidates = rankOf(job, decoders ?? gpus);
    const hasGpu = candidates.length > 0;
    const cost = await parts.cost();
    const reads = job.images.map(({ header }) => header?.cost);
    const isCostly = hasGpu && estimate(reads, 0, cost, job.detail) > limits.preferred;
    const known = isCostly ? await parts.known(job) : 0;
    const milliseconds = estimate(reads, known, cost, job.detail);
    const wanted = job.backend;
    const isDecodedElsewhere = decoders !== undefined;
    const plan = planFor({ wanted, estimate: milliseconds, limits, hasGpu, isDecodedElsewhere });
    const attempt = new Attempt(job, context, plan.reason, parts.log);
    for (const [i, place] of plan.places.entries()) {
      const rest = plan.places.slice(i + 1);
      const done =
        place === "wasm"
          ? yield* attempt.local(wasm, async (error, image) => {
              if (!rest.includes("gpu")) return false;
              const file = await decodedElsewhere(error, image, parts.decoder);
              if (file === undefined) return false;
              const { yes } = await decoding([file], gpus, signal);
              candidates = rankOf(job, yes);
              return yes.length > 0;
            })
          : yield* attempt.remote(candidates, reserveFor(rest, milliseconds));
      if (done) return;
    }
    throw attempt.nobody();
  };

  function rankOf(job: ComputeJob, backends: readonly GuardedBackend[]): GuardedBackend[] {
    return rank(
      backends,
      job.images.map(({ sha256 }) => sha256),
    );
  }
}

/** Of a photograph that came by its name, so that its header had not been read. */
async function decodedElsewhere(
  { code }: CosalError,
  image: LoadableImage | undefined,
  decoder: Pick<Decoder, "inspect">,
): Promise<DecodedElsewhere | undefined> {
  if (code !== "image_type_unsupported" && code !== "image_too_many_pixels") return undefined;
  if (image === undefined || image.header !== undefined) return undefined;
  try {
    return decoder.inspect(await image.load()).decodedElsewhere;
  } catch {
    return undefined;
  }
}

/** Milliseconds that must be left for the Worker when all GPU backends have failed. */
function reserveFor(rest: readonly Place[], milliseconds: number): number {
  return rest.includes("wasm") ? 1.5 * milliseconds + 1000 : 0;
}

/** One group on its way from backend to backend. */
class Attempt {
  readonly #job: ComputeJob;
  readonly #context: ComputeContext;
  readonly #log: Log;
  /** Why the group is where it is. */
  readonly #reasons: string[];
  #retryAfter: number | undefined;

  constructor(job: ComputeJob, context: ComputeContext, reason: string, log: Log) {
    this.#job = job;
    this.#context = context;
    this.#log = log;
    this.#reasons = [reason];
  }

  /**
   * @param goesElsewhere asked whether another backend takes the group, for all that a photograph
   * cannot be decoded here
   *
   * @returns whether the group is done
   */
  async *local(
    wasm: Compute,
    goesElsewhere: (error: CosalError, image: LoadableImage | undefined) => Promise<boolean>,
  ): AsyncGenerator<ComputeEvent, boolean> {
    const isPassedOn = async (error: CosalError, image = -1) => {
      if (!(await goesElsewhere(error, this.#job.images[image]))) return false;
      this.#pass("wasm", "does not decode all of it");
      return true;
    };
    try {
      for await (const event of wasm(this.#job, this.#context)) {
        if (event.type === "skipped" && (await isPassedOn(event.error, event.image))) return false;
        yield event.type === "backend" ? this.#taken(event.name) : event;
      }
      return true;
    } catch (error) {
      if (!(error instanceof CosalError)) throw error;
      if (await isPassedOn(error, error.image?.index)) return false;
      if (error.code !== "backend_unavailable") throw error;
      this.#pass("wasm", "is busy", error.retryAfter);
      return false;
    }
  }

  /** @returns whether the group is done */
  async *remote(
    ranked: readonly GuardedBackend[],
    reserve: number,
  ): AsyncGenerator<ComputeEvent, boolean> {
    let left = ATTEMPTS;
    for (const [i, backend] of ranked.entries()) {
      if (left === 0) break;
      const permit = backend.breaker.enter();
      if (permit === undefined) {
        const seconds = Math.ceil(backend.breaker.wait / 1000);
        const why = backend.breaker.state === "closed" ? "is busy" : "failed lately";
        this.#pass(backend.name, why, seconds);
        continue;
      }
      const others = Math.min(left, ranked.length - i);
      const deadline = this.#share(others, reserve);
      left--;
      try {
        if (permit.isTrial && !(await backend.isReady(this.#context.signal))) {
          throw new BackendFailure("failed", "is not ready");
        }
        // Nothing is told of a backend before it has done something.
        let isTaken = false;
        for await (const event of backend.compute(this.#job, { ...this.#context, deadline })) {
          if (!isTaken) yield this.#taken(backend.name);
          isTaken = true;
          yield event;
        }
        permit.succeed();
        return true;
      } catch (error) {
        this.#judge(backend.name, permit, error);
      }
    }
    return false;
  }

  nobody(): CosalError {
    const message = `No backend can take the group now: ${this.#reasons.join("; ")}.`;
    const retryAfter = this.#retryAfter ?? RETRY_AFTER;
    return new CosalError("backend_unavailable", message, { retryAfter });
  }

  #taken(name: string): ComputeEvent {
    return { type: "backend", name, reason: this.#reasons.join("; ") };
  }

  /** What a failed attempt says of its backend. @throws what no other backend could do better */
  #judge(name: string, permit: Permit, error: unknown): void {
    if (error instanceof BackendFailure) {
      if (error.kind === "failed") permit.fail();
      else if (error.kind === "declined") permit.succeed();
      else permit.postpone(1000 * (error.retryAfter ?? RETRY_AFTER));
      this.#pass(name, error.message, error.retryAfter, error.cause);
      return;
    }
    // The photographs are at fault, and the backend rightly says so; or the caller has hung up.
    if (error instanceof CosalError && error.isCallerFault) permit.succeed();
    throw error;
  }

  #pass(name: string, why: string, retryAfter?: number, cause?: unknown): void {
    this.#reasons.push(`${name} ${why}`);
    if (retryAfter !== undefined) {
      this.#retryAfter = Math.min(this.#retryAfter ?? retryAfter, retryAfter);
    }
    const { request } = this.#context;
    const error = cause === undefined ? {} : { error: cause };
    this.#log({
      level: "warn",
      event: "backend passed over",
      request,
      backend: name,
      why,
      ...error,
    });
  }

  /** When an attempt has to be over, so that as many as are left have the same time. */
  #share(attempts: number, reserve: number): number {
    const now = Date.now();
    const left = Math.max(0, this.#context.deadline - reserve - now);
    return now + left / attempts;
  }
}
