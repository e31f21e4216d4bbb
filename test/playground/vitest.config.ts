import { defineConfig } from "vitest/config";
import { CHROMIUM } from "../parity/chromium.ts";

if (CHROMIUM === undefined) console.log("Chromium is not installed: scripts/install-chromium.sh");

export default defineConfig({
  test: {
    name: "playground",
    root: import.meta.dirname,
    // `npm run test:playground:long` takes the others: WebGPU, which software does in minutes.
    include: CHROMIUM === undefined ? [] : [process.env.LONG ? "*.long.ts" : "*.test.ts"],
    passWithNoTests: CHROMIUM === undefined,
    globalSetup: CHROMIUM === undefined ? [] : ["setup.ts"],
    reporters: ["verbose"],
    // One browser at a time: each computes.
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
