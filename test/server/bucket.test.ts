// The stores that several servers share, on a real S3 server, with faults between.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { silent } from "../../src/app/index.ts";
import type { GroupResult, Stores } from "../../src/group/index.ts";
import { readBucketAddress } from "../../src/server/bucket/address.ts";
import { Bucket } from "../../src/server/bucket/bucket.ts";
import { type DataFolder, openDataFolder } from "../../src/server/storage/data-folder.ts";
import { type ServerStores, serverStores } from "../../src/server/storage/stores.ts";
import { type FaultyProxy, faultyProxy } from "./faulty-proxy.ts";
import { CREDENTIALS, hasS3, type S3Server, startS3 } from "./s3.ts";

const GROUP = "a".repeat(64);
const IMAGE = "b".repeat(64);
const MODEL = "e".repeat(64);
const bytes = (...values: number[]) => Uint8Array.from(values);
const RESULT: GroupResult = {
  id: GROUP,
  model: { name: "m", digest: MODEL },
  backend: "native",
  common: 1,
  images: [{ sha256: IMAGE, width: 2, height: 1, coverage: 0.5, box: null, presence: 1 }],
  skipped: [],
  notices: [],
};

let s3: S3Server;
let proxy: FaultyProxy;
const cleanUps: (() => unknown)[] = [];

describe.skipIf(!hasS3)("stores in a bucket", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    s3 = await startS3();
  }, 600_000);
  afterAll(() => s3.stop());
  beforeEach(async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", CREDENTIALS.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", CREDENTIALS.secretAccessKey);
    proxy = await faultyProxy(s3.endpoint);
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    await proxy.close();
    vi.unstubAllEnvs();
  });

  interface Machine {
    readonly stores: ServerStores;
    readonly faults: string[];
    readonly found: string[];
    of(tenant?: string): Stores;
  }

  /** One of the servers: a disk of its own, and the bucket that all of this test share. */
  async function machine(prefix: string, endpoint = proxy.url): Promise<Machine> {
    const path = await mkdtemp(join(tmpdir(), "cosal-near-"));
    const folder: DataFolder = await openDataFolder(path, 1e7, "");
    const address = readBucketAddress(`s3://masks/${prefix}?endpoint=${endpoint}`, "COSAL_STORE");
    const faults: string[] = [];
    const found: string[] = [];
    const stores = await serverStores({
      folder,
      onFault: (store) => (fault) => faults.push(`${store} ${fault}`),
      onLookUp: (where) => found.push(where),
      shared: {
        bucket: await Bucket.open(address, { read: 1500, write: 2000, check: 500 }),
        models: async () => [{ digest: MODEL }],
        log: silent,
      },
    });
    cleanUps.push(async () => {
      await stores.settled?.();
      stores.close();
      folder.close();
      await rm(path, { recursive: true });
    });
    return { stores, faults, found, of: (tenant = "") => stores.of(tenant) };
  }

  const keep = async ({ groups }: Stores) => {
    await groups.putMask(GROUP, IMAGE, bytes(1));
    await groups.putConsensus(GROUP, bytes(2));
    await groups.putResult(RESULT);
  };
  const code = (work: Promise<unknown>) =>
    work.then(
      () => "nothing",
      (error) => error.code,
    );

  it("have what another server has put, each tenant's apart, until it is deleted", async () => {
    const [one, two] = [await machine("a"), await machine("a")];
    const tenant = "key:a tenant/../ä";
    await keep(one.of(tenant));
    await one.of(tenant).images.put(IMAGE, bytes(3));
    const there = two.of(tenant);
    expect(await there.groups.result(GROUP)).toEqual(RESULT);
    expect(await there.groups.isComplete(RESULT)).toBe(true);
    expect(await there.groups.mask(GROUP, IMAGE)).toEqual(bytes(1));
    expect(await there.groups.consensus(GROUP)).toEqual(bytes(2));
    expect(await there.images.get(IMAGE)).toEqual(bytes(3));
    expect(await there.images.has([IMAGE, GROUP])).toEqual(new Set([IMAGE]));
    for (const other of ["", "key:another"]) {
      expect(await two.of(other).groups.result(GROUP)).toBeUndefined();
      expect(await two.of(other).images.get(IMAGE)).toBeUndefined();
    }
    expect(await there.groups.delete(GROUP)).toBe(true);
    expect(await there.images.delete(IMAGE)).toBe(true);
    expect(await there.groups.mask(GROUP, IMAGE)).toBeUndefined();
    const third = (await machine("a")).of(tenant);
    expect(await third.groups.result(GROUP)).toBeUndefined();
    expect(await third.groups.isComplete(RESULT)).toBe(false);
    expect(await third.images.delete(IMAGE)).toBe(false);
  });

  it("find features in memory, on disk, in the bucket, and forget them with their photograph", async () => {
    const [one, two] = [await machine("b"), await machine("b")];
    const key = `${MODEL}/${IMAGE}`;
    await one.of().features.put(key, bytes(7));
    await one.stores.settled?.();
    expect(await one.of().features.get(key)).toEqual(bytes(7));
    expect(await two.of().features.get(key)).toEqual(bytes(7));
    await two.stores.settled?.();
    expect(await two.of().features.get(key)).toEqual(bytes(7));
    expect(await two.of().features.get(`${MODEL}/${GROUP}`)).toBeUndefined();
    expect(one.found).toEqual(["memory"]);
    expect(two.found).toEqual(["bucket", "memory", "nowhere"]);
    await one.of().features.deleteImage(IMAGE);
    expect(await (await machine("b")).of().features.get(key)).toBeUndefined();
  });

  it("ask their own disk first", async () => {
    const one = await machine("c");
    await keep(one.of());
    proxy.requests.length = 0;
    expect(await one.of().groups.result(GROUP)).toEqual(RESULT);
    expect(await one.of().groups.mask(GROUP, IMAGE)).toEqual(bytes(1));
    expect(proxy.requests).toEqual([]);
  });

  it("take what is not what was written for absent, and remove it", async () => {
    const one = await machine("d");
    await one.of().images.put(IMAGE, bytes(...Array(100).keys()));
    const folder = join(s3.folder, "masks", "d");
    const [name] = (await readdir(folder, { recursive: true })).filter((file) =>
      file.endsWith(IMAGE),
    );
    const file = join(folder, name as string);
    await writeFile(file, (await readFile(file)).fill(0, 120));
    expect(await one.of().images.get(IMAGE)).toBeUndefined();
    expect(one.faults).toEqual(["bucket damaged"]);
    expect(await one.of().images.has([IMAGE])).toEqual(new Set());
    await one.of().images.put(IMAGE, bytes(5));
    expect(await one.of().images.get(IMAGE)).toEqual(bytes(5));
  });

  it.each(["busy", "cut", "silent", "torn"] as const)(
    "never call %s absent, nor stored what is not",
    async (mode) => {
      const name = `e-${mode}`;
      const [one, two] = [await machine(name), await machine(name)];
      await one.of().images.put(IMAGE, bytes(3));
      await keep(one.of());
      proxy.mode = mode;
      // What lies near is there all the same.
      expect(await one.of().groups.mask(GROUP, IMAGE)).toEqual(bytes(1));
      expect(await code(two.of().groups.mask(GROUP, IMAGE))).toBe("store_unavailable");
      expect(await code(two.of().images.get(IMAGE))).toBe("store_unavailable");
      expect(await two.of().features.get(`${MODEL}/${IMAGE}`)).toBeUndefined();
      if (mode === "torn") return;
      expect(await code(two.of().images.put(GROUP, bytes(4)))).toBe("store_unavailable");
      expect(await code(two.of().images.delete(IMAGE))).toBe("store_unavailable");
      expect((await two.stores.state?.())?.ready).toBe(false);
      expect(two.faults).toContain("bucket read");
      // Results are kept where they can be, and nobody is told of a failure.
      await keep(two.of());
      expect(await two.of().groups.result(GROUP)).toEqual(RESULT);
      proxy.mode = "pass";
      expect(await (await machine(name)).of().images.has([GROUP])).toEqual(new Set());
      expect(await (await machine(name)).of().images.get(IMAGE)).toEqual(bytes(3));
    },
  );

  it("do not wait for a bucket that has failed a moment ago", async () => {
    const one = await machine("f");
    proxy.mode = "cut";
    for (let i = 0; i < 3; i++) await code(one.of().images.get(IMAGE));
    proxy.requests.length = 0;
    expect(await code(one.of().images.get(IMAGE))).toBe("store_unavailable");
    expect(proxy.requests).toEqual([]);
  });

  it("wait for one that is slow", async () => {
    const one = await machine("g");
    proxy.mode = "late";
    await one.of().images.put(IMAGE, bytes(3));
    expect(await one.of().images.get(IMAGE)).toEqual(bytes(3));
  });

  it("say that there is no room, and give what is there", async () => {
    const one = await machine("h");
    await one.of().images.put(IMAGE, bytes(3));
    proxy.mode = "full";
    for (let i = 0; i < 5; i++) {
      expect(await code(one.of().images.put(GROUP, bytes(4)))).toBe("store_full");
    }
    expect(await one.of().images.get(IMAGE)).toEqual(bytes(3));
    await keep(one.of());
    expect(await one.of().groups.result(GROUP)).toEqual(RESULT);
  });

  it("remove a group of many photographs, whose names they need not know", async () => {
    const one = await machine("i");
    const digests = Array.from({ length: 64 }, (_, i) =>
      createHash("sha256").update(String(i)).digest("hex"),
    );
    await Promise.all(digests.map((image) => one.of().groups.putMask(GROUP, image, bytes(1))));
    await one.stores.settled?.();
    expect(await (await machine("i")).of().groups.delete(GROUP)).toBe(false);
    // The gateway removes folders with their last file.
    await expect(readdir(join(s3.folder, "masks", "i"))).rejects.toThrow("ENOENT");
  });
});
