import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import { CHROMIUM } from "../parity/chromium.ts";

let browser: Browser;

/** Milliseconds that a group of eight may take on a busy machine. */
export const WORK = 180_000;

/** A browser for a suite. */
export function usesBrowser(args: readonly string[] = []): void {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      // As root Chromium runs only without its sandbox.
      args: ["--no-sandbox", ...args],
    });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  afterAll(() => browser.close());
}

export interface Visit {
  readonly page: Page;
  /** What the page asked of other hosts. */
  readonly strangers: string[];
  /** Errors that nobody caught, and what the policy refused. */
  readonly errors: string[];
}

/**
 * The page, opened by someone who has never seen it.
 *
 * @param path on the tests' server, or the whole address of another one
 */
export async function visit(path = "/", options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    locale: "en-GB",
    acceptDownloads: true,
    ...options,
  });
  // No dialog of the system's can be answered here.
  await context.addInitScript(() => Reflect.deleteProperty(globalThis, "showSaveFilePicker"));
  const page = await context.newPage();
  const { href, origin: own } = new URL(path, inject("url"));
  const strangers: string[] = [];
  const errors: string[] = [];
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== own && protocol.startsWith("http")) strangers.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) errors.push(message.text());
  });
  await page.goto(href);
  await page.locator("h1").first().waitFor();
  return { page, strangers, errors };
}

/** One of the sample groups, on the page and masked. */
export async function takeSample(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  await done(page);
}

/** Until what is on the page is masked. */
export async function done(
  page: Page,
  wanted: RegExp = / in [\d.]+ s/,
  patience = WORK,
): Promise<void> {
  await expect.poll(() => sentence(page), { timeout: patience, interval: 250 }).toMatch(wanted);
}

/** What the page says that it does. */
export async function sentence(page: Page): Promise<string> {
  return (await page.locator(".work .sentence").first().textContent({ timeout: WORK })) ?? "";
}

/** Photographs of the samples by their paths, as a person chooses files. */
export async function chooseSamples(page: Page, paths: readonly string[]): Promise<void> {
  const files = paths.map(async (path) => ({
    name: basename(path),
    buffer: await readFile(new URL(`../../examples/${path}`, import.meta.url)),
  }));
  await choose(page, await Promise.all(files));
}

/** Chooses files as a person would. */
export async function choose(
  page: Page,
  files: readonly string[] | readonly Named[],
): Promise<void> {
  const input = page.locator('input[type="file"][multiple]').first();
  await input.setInputFiles(
    files.map((file) => (typeof file === "string" ? file : { mimeType: "", ...file })) as never,
  );
}

interface Named {
  readonly name: string;
  readonly buffer: Buffer;
}

/** Something that is saved by pressing a button. */
export async function saved(page: Page, press: () => Promise<void>) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(parts) };
}
