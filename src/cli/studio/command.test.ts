import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { nodeDecoder } from "../../codec/node.ts";

const root = await mkdtemp(join(tmpdir(), "cosal-studio-"));
afterAll(() => rm(root, { recursive: true }));
const example = (name: string) =>
  new URL(`../../../examples/cats/${name}.jpg`, import.meta.url).pathname;
const PHOTOGRAPHS = ["by-a-hedge", "on-a-rock", "in-a-wooden-box"].map(example);

const cosal = (...args: string[]) =>
  promisify(execFile)(
    process.execPath,
    [new URL("../main.ts", import.meta.url).pathname, ...PHOTOGRAPHS, "-o", "out", ...args],
    { cwd: root },
  );

it("makes a studio set, and another look of it without masking again", {
  timeout: 180_000,
}, async () => {
  await cosal("--canvas", "120x160", "--align", "bottom", "--background", "#fff", "--shadow");
  const picture = async () => {
    const file = await readFile(join(root, "out", "studio", "by-a-hedge.png"));
    return nodeDecoder().decode(new Uint8Array(file));
  };
  const white = await picture();
  expect([white.width, white.height]).toEqual([120, 160]);
  expect([...white.data.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
  const manifest = JSON.parse(await readFile(join(root, "out", "masks.json"), "utf8"));
  expect(manifest.images[0].files).toEqual({ studio: "studio/by-a-hedge.png" });
  const { stderr } = await cosal("-f", "studio", "--canvas", "100x100");
  expect(stderr).toMatch(/3 were there already/);
  const clear = await picture();
  expect([clear.width, clear.height, clear.data[3]]).toEqual([100, 100, 0]);
});
