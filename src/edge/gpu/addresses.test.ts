import { describe, expect, it } from "vitest";
import type { Env } from "../env.ts";
import { gpuAddresses } from "./addresses.ts";

const GPU_SECRET = "0123456789abcdef0123456789abcdef";
const addresses = (GPU_BACKENDS: string, secret = GPU_SECRET) =>
  gpuAddresses({ GPU_BACKENDS, GPU_SECRET: secret } as Env);

describe("the addresses of GPU servers", () => {
  it("have names, their own or by their place", () => {
    expect(gpuAddresses({} as Env)).toEqual([]);
    expect(
      addresses(" https://a.example, west=https://b.example:8788/ ,http://127.0.0.1:1"),
    ).toEqual([
      { name: "gpu-1", url: "https://a.example" },
      { name: "west", url: "https://b.example:8788" },
      { name: "gpu-3", url: "http://127.0.0.1:1" },
    ]);
  });

  it.each([
    "a.example",
    "ftp://a.example",
    "https://a.example/path",
    "x=",
    "a b=https://a.example",
  ])("are not %j", (text) => {
    expect(() => addresses(text)).toThrow(TypeError);
  });

  it("need a secret that cannot be guessed", () => {
    expect(() => addresses("https://a.example", "short")).toThrow(/32 characters/);
  });
});
