import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SIGNATURE_WINDOW } from "../../app/access/request-signature.ts";
import { NonceFile } from "./nonce-file.ts";

const NOW = 1_800_000_000_000;
const nonce = (i: number) => i.toString(16).padStart(32, "0");

let folder: string;
let path: string;
const opened: NonceFile[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cosal-nonces-"));
  path = join(folder, "nonces");
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((file) => file.close()));
  await rm(folder, { recursive: true });
});

async function open(now = NOW, limit = 8): Promise<NonceFile> {
  const file = await NonceFile.open(path, { now, limit });
  opened.push(file);
  return file;
}

it("takes no nonce twice, over a restart too, until no signature could hold", async () => {
  const first = await open();
  expect([await first.take(nonce(1), NOW), await first.take(nonce(1), NOW)]).toEqual([true, false]);
  // As after kill -9: nothing was closed.
  const second = await open(NOW + 1);
  expect(await second.take(nonce(1), NOW + 1)).toBe(false);
  expect(await second.take(nonce(2), NOW + 1)).toBe(true);
  const third = await open(NOW + 2 * SIGNATURE_WINDOW);
  expect(await third.take(nonce(1), NOW + 2 * SIGNATURE_WINDOW)).toBe(false);
  const last = await open(NOW + 2 * SIGNATURE_WINDOW + 1);
  expect(await last.take(nonce(2), NOW + 2 * SIGNATURE_WINDOW + 1)).toBe(false);
  expect(await last.take(nonce(1), NOW + 2 * SIGNATURE_WINDOW + 1)).toBe(true);
});

it("has its whole length from the beginning", async () => {
  const file = await open();
  const { size } = await stat(path);
  for (let i = 0; i < 100; i++) await file.take(nonce(i), NOW + i * SIGNATURE_WINDOW);
  expect((await stat(path)).size).toBe(size);
});

it("knows what it has taken, whatever it took and whenever it is opened anew", async () => {
  const step = fc.record({
    id: fc.nat(12),
    wait: fc.oneof(fc.constant(0), fc.nat(SIGNATURE_WINDOW)),
    isRestarted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await rm(path, { force: true });
      let now = NOW;
      let file = await open(now);
      const taken = new Map<number, number>();
      for (const { id, wait, isRestarted } of steps) {
        now += wait;
        if (isRestarted) file = await open(now);
        const live = [...taken.values()].filter((time) => now - time <= 2 * SIGNATURE_WINDOW);
        const isLive = now - (taken.get(id) ?? Number.NEGATIVE_INFINITY) <= 2 * SIGNATURE_WINDOW;
        const isTaken = await file.take(nonce(id), now);
        expect(isTaken).toBe(!isLive && live.length < 8);
        if (isTaken) taken.set(id, now);
      }
    }),
    { numRuns: 50 },
  );
});

it("goes on with what can be read of a file that is damaged or cut short", async () => {
  const first = await open();
  for (let i = 0; i < 3; i++) await first.take(nonce(i), NOW);
  const bytes = await readFile(path);
  bytes.fill(0xff, 24, 48);
  await writeFile(path, bytes);
  await truncate(path, 3 * 24 + 7);
  const second = await open();
  expect(await second.take(nonce(0), NOW)).toBe(false);
  expect(await second.take(nonce(2), NOW)).toBe(false);
  expect(await second.take(nonce(3), NOW)).toBe(true);
  const third = await open();
  expect(await third.take(nonce(3), NOW)).toBe(false);
});

it("counts in memory alone while it cannot be written", async () => {
  const faults: unknown[] = [];
  const file = await NonceFile.open(path, { now: NOW, onFault: (error) => faults.push(error) });
  await file.close();
  expect([await file.take(nonce(1), NOW), await file.take(nonce(1), NOW)]).toEqual([true, false]);
  expect(faults).toHaveLength(1);
});
