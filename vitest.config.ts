import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const DATA = ["onnx", "bin", "jpg", "png", "webp", "avif"];

// Two projects: `node` for what needs no platform, `workerd` for tests inside the real Workers
// runtime (files named *.worker.test.ts, and everything under test/workerd).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["src/**/*.test.ts", "test/node/**/*.test.ts"],
          exclude: ["**/*.worker.test.ts"],
        },
      },
      {
        plugins: [
          cloudflareTest({
            miniflare: {
              compatibilityDate: "2026-11-01",
              modulesRules: [
                { type: "CompiledWasm", include: ["**/*.wasm"] },
                { type: "Data", include: DATA.map((suffix) => `**/*.${suffix}`) },
              ],
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["src/**/*.worker.test.ts", "test/workerd/**/*.test.ts"],
          // The first import of onnxruntime's 14 MB module takes seconds on a small machine.
          testTimeout: 60_000,
        },
      },
    ],
  },
});
