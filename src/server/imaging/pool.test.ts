import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { renderer } from "../../app/index.ts";
import { encodeGreyPng, encodeLogits } from "../../codec/index.ts";
import { nodeDecoder, nodeWebpEncoder } from "../../codec/node.ts";
import { type ImagingOptions, type ImagingPool, imagingPool } from "./pool.ts";

const pools: ImagingPool[] = [];
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

function open(options: ImagingOptions = {}): ImagingPool {
  const pool = imagingPool(options);
  pools.push(pool);
  return pool;
}

const load = async (path: string) =>
  new Uint8Array(await readFile(new URL(`../../../${path}`, import.meta.url)));
const format = {
  width: 64,
  height: 48,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} as const;

/** So many pixels of one grey: some hundredths of a second for each megapixel. */
function flat(width: number, height: number): Promise<Uint8Array> {
  return encodeGreyPng(width, height, Array<Uint8Array>(height).fill(new Uint8Array(width)));
}

const requester = (caller: string, signal = new AbortController().signal) => ({ caller, signal });

describe("the imaging pool", () => {
  it("decodes as the decoder of this thread does, several at once", async () => {
    const { decoder } = open();
    const files = await Promise.all(
      [1, 6].flatMap((n) =>
        ["jpg", "png", "webp"].map((type) => load(`test/fixtures/images/orientation-${n}.${type}`)),
      ),
    );
    const own = nodeDecoder();
    const samples = await Promise.all(files.map((file) => decoder.sample(file, format)));
    const pixels = await Promise.all(files.map((file) => decoder.decode(file)));
    for (const [i, file] of files.entries()) {
      expect(decoder.inspect(file)).toEqual(own.inspect(file));
      expect(samples[i]).toEqual(await own.sample(file, format));
      expect(pixels[i]).toEqual(await own.decode(file));
    }
    // The file is still the caller's.
    expect(files.every((file) => file.length > 0)).toBe(true);
  });

  it("renders as this thread does", async () => {
    const { render } = open();
    const photograph = Uint8Array.from(await load("test/fixtures/images/orientation-1.png"));
    const { width, height } = nodeDecoder().inspect(photograph);
    const data = Float32Array.from({ length: 64 }, (_, i) => (i % 8) - 4);
    const record = await encodeLogits({ width, height, logits: { width: 8, height: 8, data } });
    const own = renderer({ decoder: nodeDecoder(), webp: nodeWebpEncoder() });
    const shown = { size: "source", threshold: 0.5 } as const;
    for (const task of [
      { record, variant: { kind: "masks", suffix: "png", ...shown } },
      { record, variant: { kind: "masks", suffix: "svg", ...shown } },
      { record, variant: { kind: "cutouts", suffix: "webp", ...shown }, photograph },
      { record, variant: { kind: "overlays", suffix: "png", ...shown }, photograph },
    ] as const) {
      expect(await render(task, requester("a"))).toEqual(await own(task));
    }
    expect([record.length, photograph.length]).not.toContain(0);
  });

  it("tells what is wrong with a file, and goes on", async () => {
    const { decoder } = open();
    const file = await load("test/fixtures/images/orientation-1.jpg");
    const broken = file.subarray(0, file.length / 3);
    const random = new Uint8Array(100);
    await expect(decoder.sample(random, format)).rejects.toMatchObject({
      code: "image_type_unsupported",
    });
    await expect(decoder.sample(broken, format)).rejects.toMatchObject({ name: "CosalError" });
    expect((await decoder.sample(file, format)).length).toBe(3 * 64 * 48);
  });

  it("has a thread left for whoever else comes", async () => {
    let caller = "";
    const { decoder } = open({ threads: 1, requester: () => requester(caller) });
    const order: string[] = [];
    const file = await flat(4000, 3000);
    const send = (name: string) => {
      caller = name;
      return decoder.sample(file, format).then(() => order.push(name));
    };
    // Both threads have started, and the file is large: else what the system runs first would decide.
    await Promise.all([send("first"), send("second")]);
    order.length = 0;
    const sent = Array.from({ length: 6 }, () => send("many"));
    await Promise.all([...sent, send("one")]);
    expect(order.indexOf("one")).toBeLessThan(2);
  });

  it("gives up what takes too long, by name, and goes on", async () => {
    const { decoder } = open({ threads: 1, timeout: 30 });
    await expect(decoder.decode(await flat(6000, 4000))).rejects.toMatchObject({
      code: "image_too_slow",
      limit: { name: "seconds", limit: 0.03 },
    });
    const patient = open({ threads: 1 });
    expect((await patient.decoder.decode(await flat(16, 16))).width).toBe(16);
  });

  it("ends the work of who disconnects, whether it waits or runs", async () => {
    const controller = new AbortController();
    let current = requester("gone", controller.signal);
    const { decoder } = open({ threads: 1, grace: 0, requester: () => current });
    const order: string[] = [];
    const large = await flat(6000, 4000);
    const gone = Array.from({ length: 20 }, () => decoder.decode(large));
    const rejected = Promise.all(
      gone.map((decoded) => expect(decoded).rejects.toThrow("disconnected")),
    );
    current = requester("other");
    const other = decoder.decode(large).then(() => order.push("large"));
    controller.abort(new Error("disconnected"));
    await rejected;
    // The thread that was at it is replaced: it takes what the same caller sends next.
    current = requester("gone");
    const next = decoder.decode(await flat(16, 16)).then(() => order.push("small"));
    await Promise.all([other, next]);
    expect(order).toEqual(["small", "large"]);
    await expect(decodeAfter(controller.signal)).rejects.toThrow("disconnected");

    async function decodeAfter(signal: AbortSignal): Promise<unknown> {
      current = requester("gone", signal);
      return decoder.decode(large);
    }
  });
});
