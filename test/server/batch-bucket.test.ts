// Batches from one prefix of a bucket to another, on a real S3 server and a real network.
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BatchBody, BatchResultBody } from "../../src/app/schemas/batch.ts";
import { readBucketAddress } from "../../src/server/bucket/address.ts";
import { batchBucket } from "../../src/server/bucket/batch-bucket.ts";
import { Bucket } from "../../src/server/bucket/bucket.ts";
import { type Service, startCosalServer } from "../client/services.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";
import { CREDENTIALS, hasS3, type S3Server, startS3 } from "./s3.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");

describe.skipIf(!hasS3)("a batch over a bucket", () => {
  let s3: S3Server;
  let service: Service;

  beforeAll(async () => {
    s3 = await startS3("photographs");
    const folder = join(s3.folder, s3.bucket, "own", "in");
    await mkdir(folder, { recursive: true });
    for (const name of ["cats", "shoes"]) {
      await cp(join(EXAMPLES, name), join(folder, name), { recursive: true });
    }
    await mkdir(join(folder, "cats", "more"));
    const [cat] = await readdir(join(EXAMPLES, "cats"));
    const file = await readFile(join(EXAMPLES, "cats", cat as string));
    await writeFile(join(folder, "cats", "more", "half.jpg"), file.subarray(0, file.length / 2));
    process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = CREDENTIALS.secretAccessKey;
    const address = `s3://${s3.bucket}/own?endpoint=${s3.endpoint}`;
    service = await startCosalServer({
      batchBucket: readBucketAddress(address, "COSAL_BATCH_BUCKET"),
    });
  });
  afterAll(async () => {
    await service?.stop();
    await s3?.stop();
    if (s3) await rm(s3.folder, { recursive: true, force: true });
  });

  it("masks each folder and writes the masks below the destination, over an S3 that is killed", async () => {
    const query = "source=in/&destination=out/&formats=png,rle&parallelism=1";
    const response = await fetch(`${service.url}/v1/batches?${query}`, { method: "POST" });
    expect(response.status).toBe(202);
    let batch = (await response.json()) as BatchBody;
    expect(batch.counts.total).toBe(17);
    await s3.kill();
    const state = async () =>
      (await (await fetch(service.url + batch.links.self)).json()) as BatchBody;
    await expect
      .poll(async () => (await state()).waiting?.code, { timeout: 60_000 })
      .toBe("store_unavailable");
    await s3.start();
    await expect.poll(async () => (await state()).status, { timeout: 150_000 }).toBe("completed");
    batch = await state();
    expect(batch.failures).toEqual({ image_undecodable: 1 });
    const text = await (await fetch(service.url + batch.links.results)).text();
    const results = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as BatchResultBody);
    expect(results.map(({ line }) => line)).toEqual(results.map((_, i) => i + 1));
    expect(new Set(results.map(({ group }) => group))).toEqual(
      new Set(["in/cats", "in/cats/more", "in/shoes"]),
    );
    const out = join(s3.folder, s3.bucket, "own", "out");
    for (const { id, code, keys, files } of results) {
      if (code !== undefined) continue;
      expect(keys?.png).toBe(`out/${id}.png`);
      const linked = await fetch(service.url + files?.png?.url);
      const written = await readFile(join(out, `${id}.png`));
      expect(Buffer.from(await linked.arrayBuffer()).equals(written)).toBe(true);
    }
    expect((await readdir(join(out, "shoes"))).length).toBe(16);
  });

  it("writes and reads what is larger than a part, whole or not at all", async () => {
    const address = `s3://${s3.bucket}/large?endpoint=${s3.endpoint}`;
    const bucket = await Bucket.open(readBucketAddress(address, "COSAL_BATCH_BUCKET"));
    const whole = Buffer.alloc(20_000_003);
    for (let at = 0; at < whole.length; at += 4093) whole[at] = at % 251;
    async function* blocks(end: number) {
      for (let at = 0; at < end; at += 65_537) yield whole.subarray(at, Math.min(end, at + 65_537));
      if (end < whole.length) throw new Error("it broke off");
    }
    await bucket.write("whole", blocks(whole.length), "text/plain");
    const read = await Array.fromAsync((await bucket.read("whole")) ?? []);
    expect(Buffer.concat(read).equals(whole)).toBe(true);
    await expect(bucket.write("half", blocks(1e7), "text/plain")).rejects.toThrow("it broke off");
    expect(await bucket.read("half")).toBeUndefined();
    bucket.close();
  });

  it("is divided among tenants, who see only their own part", async () => {
    const address = `s3://${s3.bucket}/divided?endpoint=${s3.endpoint}`;
    const bucket = await Bucket.open(readBucketAddress(address, "COSAL_BATCH_BUCKET"));
    const [one, two] = ["key:one", "key:two"].map((tenant) => batchBucket(bucket, tenant));
    const bytes = new Uint8Array([1, 2, 3]);
    for (const key of ["in/b.jpg", "in/b/2.jpg", "in/a/1.jpg", "in/b/3.jpg"]) {
      await one?.put(key, bytes, "image/jpeg");
    }
    expect(await Array.fromAsync(one?.list("in/") ?? [])).toEqual([
      ...["in/b.jpg", "in/a/1.jpg", "in/b/2.jpg", "in/b/3.jpg"],
    ]);
    expect(await one?.get("in/a/1.jpg")).toEqual(bytes);
    expect(await Array.fromAsync(two?.list("") ?? [])).toEqual([]);
    expect(await two?.get("in/a/1.jpg")).toBeUndefined();
    bucket.close();
  });

  it("is what the command asks for", async () => {
    const command = join(EXAMPLES, "..", "src", "cli", "main.ts");
    const create = (...args: readonly string[]) =>
      promisify(execFile)(process.execPath, [command, "batch", "create", ...args], {
        env: { ...process.env, COSAL_SERVER: service.url },
      });
    const own = join(s3.folder, s3.bucket, "own");
    const masked = ["--destination", "shoes/", "-f", "binary,overlay", "--watch"];
    await create("--source", "in/shoes/", ...masked);
    const written = await readdir(join(own, "shoes"));
    expect(written.filter((name) => name.endsWith(".jpg.binary.png"))).toHaveLength(8);
    expect(written.filter((name) => name.endsWith(".jpg.overlay.png"))).toHaveLength(8);
    const some = (await readdir(join(own, "in", "shoes"))).slice(0, 2);
    const lines = some.map((name) =>
      JSON.stringify({ key: `in/shoes/${name}`, id: name, group: "g" }),
    );
    await writeFile(join(own, "some.jsonl"), lines.join("\n"));
    await create("--manifest", "some.jsonl", "--destination", "some/", "--watch");
    expect((await readdir(join(own, "some"))).filter((name) => name.endsWith(".png"))).toEqual(
      some.map((name) => `${name}.png`),
    );
    const both = create("--manifest", "some.jsonl", "--source", "in/");
    await expect(both).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching("--manifest"),
    });
  });
});

describe.skipIf(!hasS3 || !hasRedis)("a batch over a bucket on servers that share Redis", () => {
  let s3: S3Server;
  let redis: RedisServer;
  let servers: readonly Service[] = [];

  beforeAll(async () => {
    [s3, redis] = await Promise.all([startS3("photographs"), startRedis()]);
    const folder = join(s3.folder, s3.bucket, "own", "in");
    const examples = await readdir(join(EXAMPLES, "cats"));
    for (const [i, name] of examples.entries()) {
      await cp(join(EXAMPLES, "cats", name), join(folder, `group-${i % 4}`, name));
    }
    process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = CREDENTIALS.secretAccessKey;
    const address = (prefix: string) => `s3://${s3.bucket}/${prefix}?endpoint=${s3.endpoint}`;
    const options = {
      store: readBucketAddress(address("store"), "COSAL_STORE"),
      batchBucket: readBucketAddress(address("own"), "COSAL_BATCH_BUCKET"),
      queue: redis.url,
    };
    servers = await Promise.all([1, 2].map(() => startCosalServer(options)));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await Promise.all([s3?.stop(), redis?.stop()]);
    if (s3) await rm(s3.folder, { recursive: true, force: true });
  });

  it("is masked by both, told by either, and each file is written", async () => {
    const [one, two] = servers.map(({ url }) => url) as [string, string];
    const query = "source=in/&destination=out/&formats=png&parallelism=1";
    const response = await fetch(`${one}/v1/batches?${query}`, { method: "POST" });
    expect(response.status).toBe(202);
    const batch = (await response.json()) as BatchBody;
    const computing = new Set<string>();
    const states = async () => {
      for (const url of [one, two]) {
        const state = (await (await fetch(url + batch.links.self)).json()) as BatchBody;
        if (state.counts.running > 0) computing.add(url);
        if (state.status !== "running") return state;
      }
      return undefined;
    };
    await expect.poll(states, { timeout: 150_000, interval: 20 }).toMatchObject({
      status: "completed",
      counts: { total: 8, succeeded: 8, failed: 0 },
    });
    expect(computing).toEqual(new Set([one, two]));
    const texts = await Promise.all(
      [one, two].map(async (url) => (await fetch(url + batch.links.results)).text()),
    );
    expect(texts[0]).toBe(texts[1]);
    const results = (texts[0] as string)
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as BatchResultBody);
    const out = join(s3.folder, s3.bucket, "own", "out");
    const { results_key } = (await (await fetch(two + batch.links.self)).json()) as BatchBody;
    expect(results_key).toBe(`out/results-${batch.id}.jsonl`);
    expect(await readFile(join(s3.folder, s3.bucket, "own", results_key ?? ""), "utf8")).toBe(
      texts[0],
    );
    for (const { id, keys, files } of results) {
      expect(keys?.png).toBe(`out/${id}.png`);
      const linked = await fetch(two + files?.png?.url);
      const written = await readFile(join(out, `${id}.png`));
      expect(Buffer.from(await linked.arrayBuffer()).equals(written)).toBe(true);
    }
  });
});
