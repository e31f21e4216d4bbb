// Without a network: while the model comes, while the service is used, and from the second visit on.
import { expect, test } from "vitest";
import { chooseSamples, done, usesBrowser, visit } from "./browser.ts";

usesBrowser();

const SHOES = ["shoes/pink-slippers.jpg", "shoes/red-trainers.jpg"];

test("the network goes while the model comes: the page says so, and goes on when asked", async () => {
  const { page } = await visit("/?backend=wasm", { serviceWorkers: "block" });
  const context = page.context();
  await context.route(/\.onnx/, (route) => route.abort());
  await chooseSamples(page, SHOES);
  await expect.poll(() => failure(page), { timeout: 120_000 }).toContain("The network is gone");
  await context.unroute(/\.onnx/);
  await page.getByRole("button", { name: "Try again" }).click();
  await done(page, /^2 photographs in/);
});

test("the network goes while the service is used: the page says so, and goes on when it is back", async () => {
  const { page } = await visit("/");
  const context = page.context();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.getByLabel("Service").check({ force: true });
  await context.setOffline(true);
  await chooseSamples(page, SHOES);
  await expect
    .poll(() => page.locator(".messages").textContent(), { timeout: 60_000 })
    .toContain("The network is gone");
  await context.setOffline(false);
  await done(page, /^2 photographs in/);
  expect(await page.locator(".messages").textContent()).toBe("");
});

test("after the first use the page works offline", async () => {
  const { page } = await visit("/?backend=wasm");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await chooseSamples(page, SHOES);
  await done(page, /^2 photographs in/);
  await page.context().setOffline(true);
  await page.reload();
  await page.locator("h1").waitFor();
  await chooseSamples(page, ["hats/straw.jpg", "hats/turquoise.jpg"]);
  await done(page, /^2 photographs in/);
});

type Page = Awaited<ReturnType<typeof visit>>["page"];

async function failure(page: Page): Promise<string> {
  return (await page.locator(".failed").allTextContents()).join(" ");
}
