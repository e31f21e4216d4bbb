import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AnswerPart,
  BOUNDARY,
  multipart,
  resultOf,
  rightParts,
} from "../../../test/edge-answers.ts";
import { contentDigest, NonceMemory, verify } from "../../app/access/request-signature.ts";
import type { ComputeContext, ComputeJob } from "../../app/index.ts";
import { encodeLogits } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { gpuBackend, type Transport } from "./backend.ts";
import { BackendFailure } from "./backend-failure.ts";
import type { Piece } from "./group-form.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const job: ComputeJob = {
  tenant: "t",
  group: "9".repeat(64),
  model: { name: "m", digest: "d0".repeat(32) },
  images: ["a", "b", "c"].map((name, index) => ({
    id: `${name}.jpg`,
    index,
    sha256: name.repeat(64),
    header: { bytes: 3, width: 8, height: 6 },
    load: async () => new TextEncoder().encode(`image ${name}`),
  })),
  seeds: [{ image: 1, negative: true, point: [3, 4] }],
  seedRequests: [{ image: "b".repeat(64), negative: true, point: [3, 4] }],
  onError: "fail",
  detail: "normal",
  backend: "auto",
};

function context(more: Partial<ComputeContext> = {}): ComputeContext {
  const signal = new AbortController().signal;
  return { signal, caller: "", deadline: Date.now() + 5000, request: "request-1", ...more };
}

async function bytesOf(pieces: AsyncIterable<Piece>) {
  const all = await Array.fromAsync(pieces, (piece) => new Response(piece).bytes());
  return new Uint8Array(await new Blob(all).arrayBuffer());
}

function streamOf(chunks: AsyncIterable<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>[]) {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start(controller) {
      for await (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

function transport(fetch: Transport["fetch"]): Transport {
  return {
    fetch,
    async measure(pieces) {
      const bytes = await bytesOf(pieces);
      const sha256 = Uint8Array.from(createHash("sha256").update(bytes).digest()).buffer;
      return { sha256, length: bytes.length };
    },
    body: (pieces) =>
      streamOf(
        (async function* chunks() {
          for await (const piece of pieces) yield await new Response(piece).bytes();
        })(),
      ),
  };
}

const TYPE = { "content-type": `multipart/mixed; boundary=${BOUNDARY}` };

function compute(
  answer: Response | Transport["fetch"],
  more: Partial<ComputeContext> = {},
  silence = 1000,
  asked = job,
) {
  const fetch = typeof answer === "function" ? answer : async () => answer;
  const address = { name: "gpu-1", url: "https://gpu.example" };
  const backend = gpuBackend(address, {
    secret: SECRET,
    transport: transport(fetch),
    idleTimeout: silence,
    keep: 600,
  });
  return Array.fromAsync(backend.compute(asked, context(more)));
}

async function answerOf(change: (parts: AnswerPart[]) => AnswerPart[] = (parts) => parts) {
  return new Response(multipart(change(await rightParts(job))), { headers: TYPE });
}

async function failureOf(promise: Promise<unknown>): Promise<BackendFailure> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof BackendFailure) return error;
  throw new Error("no failure of the backend", { cause: error });
}

describe("a GPU backend", () => {
  it("learns that nobody waits for a group", async () => {
    let priority: string | null = null;
    const fetch: Transport["fetch"] = async (url, init) => {
      priority = new Request(url, { ...init, duplex: "half" } as RequestInit).headers.get(
        "priority",
      );
      return answerOf();
    };
    await compute(fetch, { isBackground: true });
    expect(priority).toBe("u=7");
  });

  it("receives a signed group with photographs named by their hashes", async () => {
    let sent: Request | undefined;
    await compute(async (url, init) => {
      sent = new Request(url, { ...init, duplex: "half" } as RequestInit);
      return answerOf();
    });
    const request = sent as Request;
    const { pathname, search } = new URL(request.url);
    const options = { secret: SECRET, now: Date.now(), nonces: new NonceMemory() };
    const signed = { method: request.method, target: pathname + search, headers: request.headers };
    const body = new Uint8Array(await request.clone().arrayBuffer());
    expect(await verify(signed, options)).toEqual({
      ok: true,
      digest: await contentDigest(body),
      tenant: { name: expect.stringMatching(/^t-[0-9a-f]{32}$/), keep: 600 },
    });
    expect(request.headers.get("accept")).toBe("multipart/mixed");
    expect(request.headers.get("prefer")).toMatch(/^wait=[45]$/);
    expect(request.headers.get("x-request-id")).toBe("request-1");
    expect(request.headers.get("priority")).toBeNull();
    const form = await request.formData();
    expect(JSON.parse(String(form.get("options")))).toEqual({
      model: "m",
      on_error: "fail",
      seeds: [{ image: "b".repeat(64), negative: true, point: [3, 4] }],
    });
    const files = form.getAll("image") as File[];
    expect(files.map(({ name }) => name)).toEqual(job.images.map(({ sha256 }) => sha256));
    expect(await files[1]?.text()).toBe("image b");
  });

  it("is told of a closer look where one is wanted", async () => {
    let form: FormData | undefined;
    const send: typeof fetch = async (url, init) => {
      form = await new Request(url, { ...init, duplex: "half" } as RequestInit).formData();
      return answerOf();
    };
    await compute(send, {}, 1000, { ...job, detail: "high" as const });
    expect(JSON.parse(String(form?.get("options")))).toMatchObject({ detail: "high" });
  });

  it("returns the masks, however its response is split into chunks", async () => {
    const body = multipart(await rightParts(job));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: body.length })), async (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), body.length];
        const chunks = ends.map((end, i) => body.slice(ends[i - 1] ?? 0, end));
        const events = await compute(new Response(streamOf(chunks), { headers: TYPE }));
        expect(events.map(({ type }) => type)).toEqual([
          ...["encoded", "encoded", "encoded", "consensus", "mask", "mask", "mask"],
        ]);
        const size = { width: 8, height: 6, coverage: 1, box: [0, 0, 8, 6] };
        const mask = { ...size, presence: 0.75, confidence: 0.625 };
        expect(events.at(-1)).toMatchObject({ type: "mask", image: 2, mask });
      }),
      { numRuns: 50 },
    );
  });

  const reusing = { ...job, consensus: { of: "8".repeat(64), bytes: Uint8Array.of(1, 2, 3) } };

  it("receives the consensus of another group, and then emits none", async () => {
    let sent: Request | undefined;
    const answer = async (url: string, init: RequestInit) => {
      sent = new Request(url, { ...init, duplex: "half" } as RequestInit);
      const parts = (await rightParts(job)).filter(({ type }) => !type.endsWith("consensus"));
      return new Response(multipart(parts), { headers: TYPE });
    };
    const events = await compute(answer, {}, 1000, reusing);
    const { pathname, search } = new URL((sent as Request).url);
    expect(pathname + search).toBe(`/v1/groups/${"8".repeat(64)}/images?output=logits`);
    const options = { secret: SECRET, now: Date.now(), nonces: new NonceMemory() };
    const { method, headers } = sent as Request;
    const signed = { method, target: pathname + search, headers };
    expect(await verify(signed, options)).toMatchObject({ ok: true });
    const form = await (sent as Request).formData();
    expect(await (form.get("consensus") as File).bytes()).toEqual(Uint8Array.of(1, 2, 3));
    expect(events.map(({ type }) => type)).not.toContain("consensus");
    expect(events.at(-1)).toMatchObject({ type: "mask", image: 2 });
  });

  it.each(["not_found", "consensus_incompatible"])(
    "declines such a group when it is older or has another model (%s)",
    async (code) => {
      const declined = problem(404, { code });
      const failure = await failureOf(compute(declined, {}, 1000, reusing));
      expect(failure.kind).toBe("declined");
    },
  );

  const without = (type: string) => (parts: AnswerPart[]) =>
    parts.filter((part) => !part.type.endsWith(type));
  const result = (change: object) => (parts: AnswerPart[]) => [
    ...parts.slice(0, -1),
    { type: "application/json", body: JSON.stringify({ ...resultOf(job), ...change }) },
  ];
  const otherModel = { ...job, model: { name: "m", digest: "e0".repeat(32) } };
  const broken: [string, () => Response | Promise<Response>, RegExp][] = [
    ["without masks", () => answerOf(without("logits")), /no mask/],
    ["without a consensus", () => answerOf(without("consensus")), /no consensus/],
    ["without a result", () => answerOf(without("json")), /no result/],
    ["of another group", () => answerOf(result({ id: "8".repeat(64) })), /another group/],
    ["of another model", () => answerOf(result({ model: otherModel.model })), /another model/],
    [
      "with another model's consensus",
      async () => new Response(multipart(await rightParts(otherModel)), { headers: TYPE }),
      /another model/,
    ],
    [
      "with a mask of an image that was not sent",
      () => answerOf(([part, ...rest]) => [{ ...part!, filename: "f".repeat(64) }, ...rest]),
      /not sent/,
    ],
    ["with fewer images", () => answerOf(result({ images: [] })), /fewer images/],
    ["that is no result", () => answerOf(result({ images: "all" })), /incomplete or invalid/],
    [
      "with a broken mask",
      () => answerOf(([part, ...rest]) => [{ ...part!, body: "no record" }, ...rest]),
      /incomplete or invalid/,
    ],
    [
      "with a mask of another size",
      async () => {
        const logits = { width: 1, height: 1, data: new Float32Array(1) };
        const body = await encodeLogits({ width: 9, height: 6, logits });
        return answerOf(([part, ...rest]) => [{ ...part!, body }, ...rest]);
      },
      /another size/,
    ],
    ["of another type", () => Response.json(resultOf(job)), /another type/],
    ["of no parts", () => new Response("", { headers: TYPE }), /incomplete or invalid/],
    ["of a redirect", () => new Response(null, { status: 302 }), /responded with 302/],
    ["of an error", () => new Response("oh", { status: 500 }), /responded with 500/],
    [
      "of a refused signature",
      () => problem(401, { code: "credentials_invalid" }),
      /responded with 401 \(credentials_invalid\)/,
    ],
  ];
  it.each(broken)("fails for a response %s", async (_, answer, message) => {
    const failure = await failureOf(compute(await answer()));
    expect(failure.kind).toBe("failed");
    expect(failure.message).toMatch(message);
  });

  it("fails for random bytes and for a response cut anywhere, and emits no mask", async () => {
    const body = multipart(await rightParts(job));
    // Up to the end of the result: an incomplete last boundary does no harm.
    const end = body.length - BOUNDARY.length - 8;
    const cut = fc.integer({ min: 0, max: end }).map((length) => body.slice(0, length));
    const random = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Uint8Array.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(cut, random), async (bytes) => {
        const failure = await failureOf(compute(new Response(bytes, { headers: TYPE })));
        expect(failure.kind).toBe("failed");
      }),
      { numRuns: 200 },
    );
  });

  it("fails when it hangs, before or within its response, and when it takes too long", async () => {
    const body = multipart(await rightParts(job)).slice(0, 100);
    const hanging = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(body),
    });
    const never = () => new Promise<Response>(() => {});
    const silent = /sent nothing for 50 ms/;
    expect((await failureOf(compute(never, {}, 50))).message).toMatch(silent);
    const within = new Response(hanging, { headers: TYPE });
    expect((await failureOf(compute(within, {}, 50))).message).toMatch(silent);
    const deadline = Date.now() + 50;
    expect((await failureOf(compute(never, { deadline }))).message).toMatch(/too long/);
  });

  it("is aborted when the client disconnects", async () => {
    const caller = new AbortController();
    const given = Promise.withResolvers<AbortSignal>();
    const answer = compute(
      async (_, init) => {
        given.resolve(init.signal as AbortSignal);
        return new Promise<Response>(() => {});
      },
      { signal: caller.signal },
    );
    const signal = await given.promise;
    caller.abort(new Error("gone"));
    await expect(answer).rejects.toThrow("gone");
    expect(signal.aborted).toBe(true);
  });

  it("may be busy, and says for how long", async () => {
    const answer = new Response(null, { status: 503, headers: { "retry-after": "7" } });
    expect(await failureOf(compute(answer))).toMatchObject({ kind: "busy", retryAfter: 7 });
    const vague = new Response(null, { status: 429, headers: { "retry-after": "soon" } });
    expect(await failureOf(compute(vague))).toMatchObject({ kind: "busy", retryAfter: 2 });
  });

  it("may decline, and may blame a photograph", async () => {
    const declined = problem(413, { code: "group_too_large" });
    expect(await failureOf(compute(declined))).toMatchObject({ kind: "declined" });
    const errors = [{ pointer: "#/images/1", detail: "It is broken." }];
    const blamed = compute(problem(422, { code: "image_undecodable", errors }));
    await expect(blamed).rejects.toMatchObject({
      code: "image_undecodable",
      message: "It is broken.",
      image: { index: 1, id: "b.jpg" },
    });
    await expect(blamed).rejects.toBeInstanceOf(CosalError);
    // Only photographs can be at fault. Any other complaint is a fault of the server or of the Worker.
    expect(await failureOf(compute(problem(400, { code: "option_invalid" })))).toMatchObject({
      kind: "failed",
    });
  });

  it("says which photographs it decodes, and the response is cached", async () => {
    const address = { name: "gpu-1", url: "https://gpu.example" };
    const { signal } = context();
    const asked: string[] = [];
    const image_pixels = { heic: 48_000_000 };
    let answer = () => Response.json({ types: ["image/heic"], image_pixels });
    const fetch: Transport["fetch"] = async (url, init) => {
      asked.push(url);
      const signed = { method: "GET", target: "/v1/limits", headers: new Headers(init.headers) };
      const options = { secret: SECRET, now: Date.now(), nonces: new NonceMemory() };
      const digest = await contentDigest(new Uint8Array());
      expect(await verify(signed, options)).toMatchObject({ ok: true, digest });
      return answer();
    };
    const options = { secret: SECRET, transport: transport(fetch), idleTimeout: 1000, keep: 600 };
    const backend = () => gpuBackend(address, options);
    const first = backend();
    const limits = { types: ["image/heic"], imagePixels: image_pixels };
    expect(await first.limits(signal)).toEqual(limits);
    expect(await first.limits(signal)).toEqual(limits);
    expect(asked).toEqual(["https://gpu.example/v1/limits"]);
    // A server of an earlier version.
    answer = () => Response.json({ images: 64 });
    expect(await backend().limits(signal)).toEqual({ types: [], imagePixels: {} });
    for (const broken of [() => new Response("", { status: 503 }), () => new Response("<p>")]) {
      answer = broken;
      expect(await backend().limits(signal)).toBeUndefined();
    }
  });
});

function problem(status: number, body: object): Response {
  const text = JSON.stringify(body);
  const headers = {
    "content-type": "application/problem+json",
    "content-length": String(text.length),
  };
  return new Response(text, { status, headers });
}
