import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { vi } from "vitest";
import type { Manifest, ModelFiles, Tensors } from "../../src/engine/index.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import type { DeviceLimits } from "../../src/server/device/limits.ts";
import { type DeviceEvent, Supervisor } from "../../src/server/device/supervisor.ts";

const MODEL = new URL("../../models/cosal-lite/", import.meta.url);

export const modelFiles: ModelFiles = async (name) =>
  new Uint8Array(await readFile(new URL(name, MODEL)));
export const manifest: Manifest = JSON.parse(readFileSync(new URL("manifest.json", MODEL), "utf8"));

/** The fastest runtime that this machine has without a GPU. */
export const RUNTIME = await nativeRuntime().then(
  () => "native" as const,
  () => "wasm" as const,
);

/** Gives a suite time: its tests start processes, on a machine that may be busy. */
export function startsProcesses(): void {
  vi.setConfig({ testTimeout: 180_000 });
}

/** How to wait for what happens at once on an idle machine. */
export const SOON = { interval: 5, timeout: 30_000 };

export type Fault = "unusable" | "dead" | "poison" | "leak";

export function faultyProgram(fault?: Fault) {
  const file = new URL("faulty-device.ts", import.meta.url);
  return { file, args: [RUNTIME, ...(fault ? [fault] : [])] };
}

/** A supervisor over a device process that can be broken, and what it has told. */
export function supervise(limits: Partial<DeviceLimits> = {}, fault?: Fault) {
  const events: DeviceEvent[] = [];
  const supervisor = new Supervisor({
    program: faultyProgram(fault),
    limits: { minRestartDelay: 20, maxRestartDelay: 200, ...limits },
    onEvent: (event) => events.push(event),
  });
  return {
    supervisor,
    events,
    lost: () => events.flatMap((event) => (event.kind === "lost" ? [event.reason] : [])),
  };
}

/** Inputs of a graph that differ from one seed to the next. */
export function inputsOf(graph: keyof Manifest["graphs"], seed: number): Tensors {
  const sides = { batch: 1, group: 2 };
  return Object.fromEntries(
    Object.entries(manifest.graphs[graph]?.inputs ?? {}).map(([name, shape]) => {
      const dims = shape.map((side) => (typeof side === "number" ? side : sides[side]));
      const data = new Float32Array(dims.reduce((product, side) => product * side, 1));
      for (let i = 0; i < data.length; i++) data[i] = Math.sin(seed * 7.1 + i * 0.37);
      return [name, { dims, data }];
    }),
  );
}
