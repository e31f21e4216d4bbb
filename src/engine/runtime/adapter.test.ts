import { describe, expect, test } from "vitest";
import { type AdapterSource, checkAdapter } from "./adapter.ts";

function gpu(info: object | null): AdapterSource {
  const names = { vendor: "", architecture: "", device: "", description: "" };
  return { requestAdapter: async () => (info === null ? null : { info: { ...names, ...info } }) };
}

describe("a WebGPU adapter", () => {
  test("that is real is taken, and named", async () => {
    const source = gpu({ vendor: "nvidia", architecture: "hopper", description: "NVIDIA H100" });
    expect(await checkAdapter(source, false)).toBe("nvidia, hopper, NVIDIA H100");
  });

  test.each([
    ["no WebGPU", undefined],
    ["no adapter", gpu(null)],
    ["SwiftShader", gpu({ vendor: "google", architecture: "swiftshader" })],
    ["Mesa's", gpu({ vendor: "mesa", description: "llvmpipe (LLVM 19.1.7, 256 bits)" })],
    ["Windows'", gpu({ vendor: "microsoft", description: "Microsoft Basic Render Driver" })],
    ["one that says so itself", gpu({ vendor: "x", isFallbackAdapter: true })],
  ])("%s is refused", async (_, source) => {
    await expect(checkAdapter(source, false)).rejects.toMatchObject({
      code: "backend_unavailable",
    });
  });

  test("of software is taken when that will do; none never will", async () => {
    expect(await checkAdapter(gpu({ vendor: "google", device: "swiftshader" }), true)).toContain(
      "swiftshader",
    );
    await expect(checkAdapter(gpu(null), true)).rejects.toThrow("no WebGPU adapter");
  });
});
