import { beforeEach, describe, expect, it } from "vitest";
import {
  type Compute,
  type ComputeContext,
  type ComputeEvent,
  type ComputeJob,
  silent,
} from "../../app/index.ts";
import { CircuitBreaker } from "../../circuit-breaker.ts";
import type { DecodedElsewhere, Decoder, ImageHeader } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { BackendFailure } from "../gpu/backend-failure.ts";
import type { ServerLimits } from "../gpu/server-limits.ts";
import { type DispatchParts, dispatch, type GuardedBackend } from "./dispatch.ts";
import { rank } from "./rendezvous-hash.ts";

type Behaviour = () => void | Promise<void>;

/** With reading, 100 for each photograph. */
const cost = async () => ({ encode: 90, decode: 0 });
const limits = { preferred: 300, most: 1000 };
const images = Array.from({ length: 20 }, (_, index) => ({
  id: `${index}`,
  index,
  sha256: index.toString(16).padStart(64, "0"),
  load: async () => new Uint8Array(1),
}));

let log: string[] = [];
let context: ComputeContext;
const wasmIs: { behaviour: Behaviour } = { behaviour: () => {} };

beforeEach(() => {
  log = [];
  wasmIs.behaviour = () => {};
  context = {
    signal: new AbortController().signal,
    caller: "",
    deadline: Date.now() + 10_000,
    request: "r",
  };
});

function job(count: number, more: Partial<ComputeJob> = {}): ComputeJob {
  return {
    tenant: "",
    group: "g",
    model: { name: "m", digest: "d" },
    images: images.slice(0, count),
    seeds: [],
    seedRequests: [],
    onError: "fail",
    detail: "normal",
    backend: "auto",
    ...more,
  };
}

async function* told(name: string, behaviour: Behaviour): AsyncGenerator<ComputeEvent> {
  log.push(name);
  await behaviour();
  yield { type: "encoded", image: 0, cached: false };
}

function gpu(
  name: string,
  behaviour: Behaviour = () => {},
  takes: ServerLimits = { types: ["image/jpeg"], imagePixels: { baseline_jpeg: 1000 } },
): GuardedBackend {
  return {
    name,
    url: `https://${name}.example`,
    breaker: new CircuitBreaker(),
    compute: (_, { deadline }) => {
      expect(deadline).toBeLessThanOrEqual(context.deadline);
      return told(name, behaviour);
    },
    forget: async () => {},
    isReady: async () => true,
    limits: async () => takes,
  };
}

const wasm: Compute = async function* wasm() {
  for await (const event of told("wasm", wasmIs.behaviour)) {
    yield { type: "backend", name: "wasm", reason: "" };
    yield event;
  }
};

const decoder: Pick<Decoder, "inspect"> = {
  inspect: () => {
    throw new Error("not asked for");
  },
};

function dispatcher(gpus: GuardedBackend[], parts: Partial<DispatchParts> = {}): Compute {
  const known = async () => 0;
  return dispatch({ wasm, decoder, gpus, cost, limits, known, log: silent, ...parts });
}

async function backendOf(compute: Compute, group: ComputeJob): Promise<string> {
  const events = await Array.fromAsync(compute(group, context));
  expect(events.map(({ type }) => type)).toEqual(["backend", "encoded"]);
  const [first] = events;
  if (first?.type !== "backend") throw new Error("no backend");
  expect(first.reason).toMatch(/^(estimated|asked for).* ms/);
  return first.name;
}

const fails = () => Promise.reject(new BackendFailure("failed", "responded with 500"));
const isBusy = () => Promise.reject(new BackendFailure("busy", "is busy", { retryAfter: 9 }));
const order = (...names: string[]) =>
  rank(
    names.map((name) => ({ name })),
    images.slice(0, 20).map(({ sha256 }) => sha256),
  ).map(({ name }) => name);

describe("dispatch", () => {
  it("keeps what is cheap and sends away what is not", async () => {
    const compute = dispatcher([gpu("a")]);
    expect(await backendOf(compute, job(3))).toBe("wasm");
    expect(await backendOf(compute, job(4))).toBe("a");
    expect(await backendOf(compute, job(20))).toBe("a");
    expect(await backendOf(compute, job(3, { backend: "gpu" }))).toBe("a");
    expect(await backendOf(compute, job(4, { backend: "wasm" }))).toBe("wasm");
    expect(await backendOf(dispatcher([]), job(4))).toBe("wasm");
  });

  it("counts an image whose features are known as no cost", async () => {
    const compute = dispatcher([gpu("a")], { known: async () => 19 });
    expect(await backendOf(compute, job(20))).toBe("wasm");
  });

  it("sends away a photograph that takes long to decode", async () => {
    const compute = dispatcher([gpu("a")]);
    const withCost = (cost: number) => {
      const [image] = images as [(typeof images)[0]];
      const header = { bytes: 150_000, width: 8600, height: 8600, cost };
      return job(1, { images: [{ ...image, header }] });
    };
    expect(await backendOf(compute, withCost(50))).toBe("wasm");
    expect(await backendOf(compute, withCost(900))).toBe("a");
    const tooCostly = backendOf(dispatcher([]), withCost(2000));
    await expect(tooCostly).rejects.toMatchObject({ code: "group_too_large" });
  });

  it("sends away groups that are masked with another's consensus as any other", async () => {
    const compute = dispatcher([gpu("a")]);
    const consensus = { of: "9".repeat(64), bytes: new Uint8Array(1) };
    expect(await backendOf(compute, job(3, { consensus }))).toBe("wasm");
    expect(await backendOf(compute, job(9, { consensus }))).toBe("a");
  });

  it("asks the same backend first, one more when it fails, then the Worker", async () => {
    const names = ["a", "b", "c"];
    const ranked = order(...names);
    const compute = dispatcher(names.map((name) => gpu(name, fails)));
    expect(await backendOf(compute, job(10))).toBe("wasm");
    expect(log).toEqual([...ranked.slice(0, 2), "wasm"]);
    log = [];
    await expect(backendOf(compute, job(20))).rejects.toMatchObject({
      code: "backend_unavailable",
      message: expect.stringMatching(/estimated 2000 ms.*responded with 500; . responded with 500/),
      retryAfter: expect.any(Number),
    });
    expect(log).toEqual(ranked.slice(0, 2));
  });

  it("sends groups to a GPU when the Worker is busy", async () => {
    wasmIs.behaviour = () =>
      Promise.reject(new CosalError("backend_unavailable", "busy", { retryAfter: 3 }));
    expect(await backendOf(dispatcher([gpu("a")]), job(1))).toBe("a");
    await expect(backendOf(dispatcher([]), job(1))).rejects.toMatchObject({ retryAfter: 3 });
  });

  it("leaves a backend alone that fails or is busy, and says when to come again", async () => {
    const failing = gpu("a", fails);
    const busy = gpu("b", isBusy);
    for (let i = 0; i < 4; i++) await backendOf(dispatcher([failing]), job(5));
    expect(failing.breaker.state).toBe("open");
    expect(log.filter((name) => name === "a")).toHaveLength(3);
    log = [];
    for (let i = 0; i < 2; i++) await backendOf(dispatcher([busy]), job(5));
    expect(log).toEqual(["b", "wasm", "wasm"]);
    expect(busy.breaker.state).toBe("closed");
    await expect(backendOf(dispatcher([busy]), job(20))).rejects.toMatchObject({ retryAfter: 9 });
  });

  it("asks a backend whether it is ready before it tries it again", async () => {
    let now = Date.now();
    let isReady = false;
    const backend = {
      ...gpu("a", fails),
      breaker: new CircuitBreaker(() => now),
      isReady: async () => isReady,
    };
    const compute = dispatcher([backend]);
    for (let i = 0; i < 3; i++) await backendOf(compute, job(5));
    log = [];
    now += 100_000;
    expect(await backendOf(compute, job(5))).toBe("wasm");
    expect(log).toEqual(["wasm"]);
    now += 100_000;
    isReady = true;
    const well = { ...gpu("a"), breaker: backend.breaker, isReady: backend.isReady };
    expect(await backendOf(dispatcher([well]), job(5))).toBe("a");
    expect(backend.breaker.state).toBe("closed");
  });

  it("believes a backend that blames a photograph, and no other is asked", async () => {
    const blames = () => Promise.reject(new CosalError("image_undecodable", "broken"));
    const [a, b] = [gpu("a", blames), gpu("b", blames)];
    for (let i = 0; i < 5; i++) {
      await expect(backendOf(dispatcher([a, b]), job(5))).rejects.toMatchObject({
        code: "image_undecodable",
      });
    }
    expect(log).toHaveLength(5);
    expect([a.breaker.state, b.breaker.state]).toEqual(["closed", "closed"]);
  });

  it("divides what is left of the deadline, and keeps enough for the Worker", async () => {
    const times: number[] = [];
    const watching = (name: string) => ({
      ...gpu(name),
      compute: (_: ComputeJob, { deadline }: ComputeContext) => {
        times.push(deadline - Date.now());
        return told(name, fails);
      },
    });
    const compute = dispatcher([watching("a"), watching("b")]);
    expect(await backendOf(compute, job(10))).toBe("wasm");
    // 10 s, less 1.5 s and one for the Worker: half of it, then all.
    expect(times[0]).toBeCloseTo(3750, -2);
    expect(times[1]).toBeCloseTo(7500, -2);
  });
});

describe.each([
  ["image/heic", "heic", "image_type_unsupported"],
  ["image/avif", "avif", "image_too_many_pixels"],
] as const)("%s that the Worker does not decode", (type, kind, code) => {
  const refusal = new CosalError(code, "It is not decoded here.");
  const decodedElsewhere: DecodedElsewhere = { type, kind, pixels: 81, refusal };
  const header = { bytes: 9, width: 9, height: 9, cost: 0, decodedElsewhere };
  const refused = { code, image: { index: 1, id: "1" } };
  const able = { types: ["image/jpeg", type], imagePixels: { [kind]: 81 } };
  const tooSmall = { types: ["image/jpeg", type], imagePixels: { [kind]: 80 } };

  const withIt = (more: Partial<ComputeJob> = {}) => {
    const [first, second] = images;
    return job(2, { images: [first, { ...second, header }] as ComputeJob["images"], ...more });
  };

  it("goes to a GPU server that says it does, however cheap the group is", async () => {
    const gpus = [gpu("a"), gpu("b", () => {}, able), gpu("c", () => {}, tooSmall)];
    expect(await backendOf(dispatcher(gpus), withIt())).toBe("b");
    expect(await backendOf(dispatcher(gpus), withIt({ onError: "skip" }))).toBe("b");
    expect(log).toEqual(["b", "b"]);
    const busy = dispatcher([gpu("b", isBusy, able)]);
    await expect(backendOf(busy, withIt())).rejects.toMatchObject({ code: "backend_unavailable" });
    expect(log).not.toContain("wasm");
  });

  it("is refused by name where none does, and left out where that is wished", async () => {
    for (const gpus of [[], [gpu("a")], [gpu("c", () => {}, tooSmall)]]) {
      const compute = dispatcher(gpus);
      await expect(backendOf(compute, withIt())).rejects.toMatchObject(refused);
      expect(await backendOf(compute, withIt({ onError: "skip" }))).toBe("wasm");
    }
    const wasmOnly = dispatcher([gpu("b", () => {}, able)]);
    await expect(backendOf(wasmOnly, withIt({ backend: "wasm" }))).rejects.toMatchObject(refused);
  });

  it("is worth to be sent again where nobody says, but can be made smaller at once", async () => {
    const silentOne = { ...gpu("a"), limits: async () => undefined };
    await expect(backendOf(dispatcher([silentOne]), withIt())).rejects.toMatchObject(
      kind === "heic" ? { code: "backend_unavailable", retryAfter: expect.any(Number) } : { code },
    );
  });

  it("that came by its name goes there when it turns out to be one", async () => {
    const gpus = [gpu("a"), gpu("b", () => {}, able)];
    const error = refusal.about({ index: 1, id: "1" });
    const parts = { decoder: { inspect: () => ({ decodedElsewhere }) as ImageHeader } };
    wasmIs.behaviour = () => Promise.reject(error);
    expect(await backendOf(dispatcher(gpus, parts), job(2))).toBe("b");
    expect(log).toEqual(["wasm", "b"]);
    await expect(backendOf(dispatcher([gpu("a")], parts), job(2))).rejects.toBe(error);
    // Left out by the Worker, it would be a part of the group there.
    const skips: Compute = async function* skips() {
      yield { type: "backend", name: "wasm", reason: "" };
      yield { type: "skipped", image: 0, error };
    };
    const eventsOf = async (gpus: GuardedBackend[]) => {
      const compute = dispatcher(gpus, { ...parts, wasm: skips });
      const events = await Array.fromAsync(compute(job(2), context));
      return events.map((event) => (event.type === "backend" ? event.name : event.type));
    };
    expect(await eventsOf(gpus)).toEqual(["wasm", "b", "encoded"]);
    expect(await eventsOf([gpu("a")])).toEqual(["wasm", "skipped"]);
  });
});

it("names the photograph that nobody decodes, of several that the Worker does not", async () => {
  const elsewhere = (pixels: number, message: string): DecodedElsewhere => {
    const refusal = new CosalError("image_too_many_pixels", message);
    return { type: "image/avif", kind: "avif", pixels, refusal };
  };
  const files = [elsewhere(50, "large"), elsewhere(500, "too large")];
  const group = images.slice(0, 2).map((image, i) => {
    const header = {
      bytes: 9,
      width: 9,
      height: 9,
      decodedElsewhere: files[i] as DecodedElsewhere,
    };
    return { ...image, header };
  });
  const compute = dispatcher([
    gpu("a", () => {}, { types: ["image/avif"], imagePixels: { avif: 100 } }),
  ]);
  await expect(backendOf(compute, job(2, { images: group }))).rejects.toMatchObject({
    message: "too large",
    image: { index: 1 },
  });
});
