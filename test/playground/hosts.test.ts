// The page as the Worker serves it, and as `cosal serve` does from the package that is published.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startLocalWorker } from "../../scripts/worker.ts";
import { installPacked } from "../package/install.ts";
import { done, takeSample, usesBrowser, visit } from "./browser.ts";

usesBrowser();

test("the Worker", async () => {
  const worker = await startLocalWorker({ port: 0, watch: false });
  onTestFinished(() => worker.stop());
  await masksBothWays(worker.url);
}, 600_000);

test("cosal serve, from the package", async () => {
  const { folder } = installPacked();
  const program = join(folder, "node_modules", "cosal", "bin", "cosal.mjs");
  const server = spawn(process.execPath, [program, "serve", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    server.kill();
    rmSync(folder, { recursive: true });
  });
  let url = "";
  for await (const chunk of server.stdout) {
    url = /http:\/\/[\w.:]+/.exec(String(chunk))?.[0] ?? "";
    if (url !== "") break;
  }
  server.stdout.resume();
  await masksBothWays(url);
}, 900_000);

/** On the device, and by the service at the same address. */
async function masksBothWays(url: string): Promise<void> {
  const { page, strangers, errors } = await visit(`${url}/?backend=wasm`);
  await takeSample(page, "Hats");
  expect(await page.locator(".where").textContent()).toContain("threads");
  await page.getByLabel("Service").check({ force: true });
  await expect.poll(() => page.locator(".where").textContent()).toContain("Service");
  await done(page, /^8 photographs in/);
  expect(await page.locator(".tile.is-masked").count()).toBe(8);
  expect(strangers).toEqual([]);
  expect(errors).toEqual([]);
}
