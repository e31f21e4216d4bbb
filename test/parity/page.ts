// The places in a browser: the bundle that Chromium loads.
import { browserDecoder } from "../../src/codec/browser.ts";
import { browserRuntime } from "../../src/engine/runtime/browser.ts";
import { segmentGroups } from "./segment.ts";

async function model(name: string): Promise<Uint8Array> {
  const response = await fetch(`/model/${name}`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function segmentInPage(
  backend: "wasm" | "webgpu",
  groups: Parameters<typeof segmentGroups>[1],
) {
  const assets = `${location.origin}/assets/`;
  const { runtime } = await browserRuntime({ backend, software: true, assets });
  return segmentGroups({ model, runtime, decoder: browserDecoder("/assets") }, groups);
}

Object.assign(globalThis, { segmentInPage });
