import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { layOutAssets } from "./scripts/assets.ts";

layOutAssets();

// Two projects: `node` for what needs no platform, `workerd` for tests inside the real Workers
// runtime (files named *.worker.test.ts, and everything under test/workerd).
export default defineConfig({
  test: {
    // Not the hosts' logs: a line of JSON for each request. Nor what wrangler says of each connection
    // that a test cuts.
    onConsoleLog: (line) => !/^\{"time"|Error inside ProxyWorker/.test(line),
    projects: [
      {
        test: {
          name: "node",
          include: ["src/**/*.test.ts", "test/{client,deploy,node,server}/**/*.test.ts"],
          exclude: ["**/*.worker.test.ts"],
          // The network runs in WASM here too; something else may have the machine's cores.
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          // The Worker as wrangler.toml says, with its bindings, and with secrets of its own.
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                RATE_LIMITS: "off",
                WEBHOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["src/**/*.worker.test.ts", "test/workerd/**/*.test.ts"],
          globalSetup: ["test/workerd/faults/setup.ts"],
          // The first import of onnxruntime's 14 MB module takes seconds on a small machine.
          testTimeout: 60_000,
        },
      },
    ],
  },
});
