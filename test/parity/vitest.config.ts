import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "parity",
    root: import.meta.dirname,
    include: ["*.test.ts"],
    reporters: ["verbose"],
    // Software WebGPU takes minutes.
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
  },
});
