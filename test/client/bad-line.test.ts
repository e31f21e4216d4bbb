// The client over a bad line to the real services: what has arrived is not sent again, and every mask
// is that of an undisturbed run.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Cosal, type Group } from "../../src/client/index.ts";
import { decodeLogits } from "../../src/codec/index.ts";
import { fresh } from "../photographs.ts";
import { maskDifference, photographs } from "../server/servers.ts";
import { type Fate, type FateOf, type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";
import { SERVICES, type Service } from "./services.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

/** One whole event with a mask. */
const IMAGE = /event: image\n(?:id: .*\n)?data: (.*)\n\n/;

/** What becomes of the requests that match, in turn; the rest pass. */
const scripted =
  (...lines: readonly (readonly [request: RegExp, fates: Fate[]])[]): FateOf =>
  (method, path) =>
    lines.find(([request]) => request.test(`${method} ${path}`))?.[1].shift() ?? "pass";

/** Faults by a fixed seed (mulberry32): two requests of three are hit, until there were `most`. */
function stormy(seed: number, most: number): FateOf {
  let [state, faults] = [seed, 0];
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => {
    const bytes = Math.floor(random() * 4000);
    const fates = ["503", "429", "reset", "lost", { delay: bytes / 20 }] as const;
    const all: Fate[] = [...fates, { cutUploadAfter: bytes }, { cutAfter: bytes }];
    const fate = all[Math.floor(random() * all.length)] as Fate;
    return random() < 2 / 3 && faults++ < most ? fate : "pass";
  };
}

describe.each(SERVICES)("over a bad line to %s", (_, start) => {
  let service: Service;
  let files: File[];
  let undisturbed: Map<string, Float32Array>;
  const proxies: FaultyProxy[] = [];

  beforeAll(async () => {
    service = await start();
    undisturbed = await logitsOf(await new Cosal(service).group(await newFiles()));
    expect(undisturbed.size).toBe(4);
  });
  afterEach(() => Promise.all(proxies.splice(0).map((proxy) => proxy.close())));
  afterAll(() => service?.stop());

  /** A client of the service, and what its requests were; it has photographs that nobody has seen. */
  async function behind(fateOf: FateOf, headers: Record<string, string> = {}) {
    files = await newFiles();
    const proxy = await startFaultyProxy(service.url, fateOf);
    proxies.push(proxy);
    const send: typeof fetch = (input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as typeof headers), ...headers } });
    const sent = (request: RegExp) =>
      proxy.seen.filter(({ method, path }) => request.test(`${method} ${path}`));
    return { cosal: new Cosal({ url: proxy.url, fetch: send }), sent };
  }

  async function expectUndisturbed(group: Group): Promise<void> {
    expect(group.masks.map(({ id }) => id)).toEqual(files.map(({ name }) => name));
    for (const [id, logits] of await logitsOf(group)) {
      expect(maskDifference(logits, undisturbed.get(id)!)).toBeLessThan(1e-3);
    }
  }

  /** Each photograph arrived whole, and once. */
  function expectUploadedOnce(sent: Awaited<ReturnType<typeof behind>>["sent"]): void {
    const sizes = files.map(({ size }) => size).sort();
    const whole = sent(/^PUT/).filter(({ bytes }) => sizes.includes(bytes));
    expect(new Set(whole.map(({ path }) => path)).size).toBe(files.length);
    expect(whole.map(({ bytes }) => bytes).sort()).toEqual(sizes);
    expect(whole.map(({ status }) => status)).toEqual(files.map(() => 201));
  }

  it("sends again what was lost on the way, and nothing that has arrived", async () => {
    const { cosal, sent } = await behind(
      scripted(
        [/^GET .*limits/, ["reset", { cutAfter: 5 }]],
        [/^PUT/, ["lost", { cutUploadAfter: 3000 }, "503", { delay: 300 }, "lost", "reset"]],
        [/^HEAD/, ["503", "reset"]],
        [/^POST/, ["429", { cutAfter: 20 }, "lost", "pass", "reset", "503"]],
        [/logits$/, [{ cutAfter: 1000 }, "lost", "503", "reset"]],
      ),
    );
    const group = await cosal.group(files);
    expect(group.cache).toBe("miss");
    await expectUndisturbed(group);
    expectUploadedOnce(sent);
    expect(sent(/^PUT/).length).toBeGreaterThan(files.length);
  });

  it("goes on with an event stream where it was cut", async () => {
    const { cosal, sent } = await behind(
      scripted([
        /^POST/,
        [
          "pass",
          { cutAfter: /event: progress/ },
          { cutAfter: IMAGE },
          { cutAfter: 0 },
          { cutAfter: /event: image\n/ },
          { cutAfter: /event: result\n/ },
        ],
      ]),
    );
    const told: string[] = [];
    const run = cosal.group(files);
    for await (const { id } of run) told.push(id);
    expect(told.sort()).toEqual(files.map(({ name }) => name));
    await expectUndisturbed(await run);
    expectUploadedOnce(sent);
    const streams = sent(/^POST/);
    expect(streams).toHaveLength(7);
    // The first mask came with the third request; from then on the service is told what is known.
    expect(streams.map(({ lastEventId }) => lastEventId !== undefined)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(masksIn(streams).sort()).toEqual((await run).masks.map(({ sha256 }) => sha256).sort());
  });

  it("follows a job's events through breaks", async () => {
    const { cosal, sent } = await behind(
      scripted(
        [/^POST/, ["pass", "503"]],
        [/^GET .*events$/, [{ cutAfter: IMAGE }, "reset", { cutAfter: 40 }, "503"]],
      ),
      { prefer: "respond-async" },
    );
    const group = await cosal.group(files);
    await expectUndisturbed(group);
    expectUploadedOnce(sent);
    const streams = sent(/events$/);
    expect(streams.map(({ lastEventId }) => lastEventId)[0]).toBe("0");
    expect(Number(streams.at(-1)!.lastEventId)).toBeGreaterThan(0);
    expect(masksIn(streams).sort()).toEqual(group.masks.map(({ sha256 }) => sha256).sort());
  });

  it("asks for a job once, though it is not told that it was taken", async () => {
    const { cosal, sent } = await behind(scripted([/^POST/, ["pass", "lost"]]), {
      prefer: "respond-async",
    });
    await expectUndisturbed(await cosal.group(files));
    const posts = sent(/^POST/);
    const jobs = posts.filter(({ status }) => status === 202);
    expect(new Set(jobs.map(({ location }) => location)).size).toBe(1);
    // If the job has ended meanwhile, its group is there, and no job is needed.
    if (jobs.length === 1) expect(posts.map(({ status }) => status)).toEqual([409, 202, 200]);
  });

  it.each([1, 2, 3])("gets everything through a storm (seed %i)", async (seed) => {
    const { cosal, sent } = await behind(stormy(seed, 24));
    await expectUndisturbed(await cosal.group(files));
    expectUploadedOnce(sent);
  });
});

/** Photographs that no service has seen, whose masks are always the same. */
async function newFiles(): Promise<File[]> {
  const tail = crypto.randomUUID();
  const group = await photographs("raccoons", 0, 4);
  return group.map(({ name, bytes }) => new File([fresh(bytes.buffer, tail)], name));
}

async function logitsOf(group: Group): Promise<Map<string, Float32Array>> {
  const logits = new Map<string, Float32Array>();
  for (const mask of group.masks) {
    logits.set(mask.id, (await decodeLogits(await mask.bytes("logits"))).logits.data);
  }
  return logits;
}

/** SHA-256 of the photographs whose events reached the client whole. */
function masksIn(streams: readonly { readonly answer: string }[]): string[] {
  const all = new RegExp(IMAGE, "g");
  return streams.flatMap(({ answer }) =>
    [...answer.matchAll(all)].map(([, data]) => JSON.parse(data!).sha256 as string),
  );
}
