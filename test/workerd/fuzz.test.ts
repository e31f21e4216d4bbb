import fc from "fast-check";
import { expect, it } from "vitest";
import { check, type Send } from "../../scripts/fuzz/check.ts";
import { known } from "../../scripts/fuzz/known.ts";
import { type OpenApi, requests } from "../../scripts/fuzz/requests.ts";
import avif from "../fixtures/images/alpha.avif";
import webp from "../fixtures/images/alpha.webp";
import jpeg from "../fixtures/images/grey.jpg";
import png from "../fixtures/images/grey.png";
import { loadWorker, request } from "./client.ts";

const files = [png, webp, jpeg, avif].map((bytes) => new Uint8Array(bytes));
const send: Send = ({ method, path, headers, body }) =>
  request(path, { method, headers, redirect: "manual", ...(body && { body }) });

loadWorker();

// Ten thousand and more: `npm run fuzz`.
it("answers a few hundred requests of the document, and of no document, as it should", async () => {
  const document = (await (await request("/openapi.json")).json()) as OpenApi;
  const there = await known(files, send);
  expect(there.groups.length).toBeGreaterThan(0);
  const all = requests(document, there);
  await fc.assert(
    fc.asyncProperty(all, async (one) => {
      await check(one, send);
    }),
    // Always the same ones, so that a change is told what it broke; `npm run fuzz` looks for more.
    {
      seed: 2036053792,
      numRuns: 300,
      interruptAfterTimeLimit: 240_000,
      markInterruptAsFailure: false,
    },
  );
}, 300_000);
