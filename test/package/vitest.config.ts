import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "package",
    root: import.meta.dirname,
    include: ["*.test.ts"],
    reporters: ["verbose"],
    // Packages come from the registry, and masks from WebAssembly.
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
