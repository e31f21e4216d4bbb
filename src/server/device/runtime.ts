import { createHash } from "node:crypto";
import type { Runtime, Session, Tensors } from "../../engine/index.ts";
import type { RunRequest } from "./run-queue.ts";
import type { Supervisor } from "./supervisor.ts";

/** What the engine does not say when it opens a graph. */
export interface GraphRole {
  /** For metrics, e.g. `encoder`. */
  readonly name: string;
  readonly warmUps: readonly (() => Tensors)[];
  /** What stands between the engine and the device. */
  readonly wrap?: (run: RunGraph) => Session["run"];
}

/** Runs a graph when the device is free; `inputs` is called then. */
export type RunGraph = (
  inputs: () => Tensors,
  options?: Pick<RunRequest, "signal" | "callers">,
) => Promise<Tensors>;

/** On whose behalf the engine runs a graph. */
export interface Source {
  readonly caller: string;
  readonly signal: AbortSignal;
}

/**
 * The engine's runtime in another process. A session outlives the processes that it is open in.
 *
 * @param roleOf by SHA-256 of the graph's file, hex
 */
export function deviceRuntime(
  supervisor: Supervisor,
  roleOf: (sha256: string) => GraphRole,
  sourceOf: () => Source | undefined,
): Runtime {
  return {
    async open(file) {
      const { wrap, ...role } = roleOf(createHash("sha256").update(file).digest("hex"));
      const graph = supervisor.open({ ...role, bytes: file });
      const run: RunGraph = (inputs, options) => supervisor.run(graph, inputs, options);
      return {
        run:
          wrap?.(run) ??
          ((inputs) => {
            const source = sourceOf();
            const { caller = "", signal } = source ?? {};
            return supervisor.run(graph, () => inputs, { source, signal, callers: () => [caller] });
          }),
        close: async () => supervisor.forget(graph),
      };
    },
  };
}

/** Inputs of zeros for a graph of the manifest. */
export function zeros(
  inputs: Readonly<Record<string, readonly (number | "batch" | "group")[]>>,
  sides: { readonly batch: number; readonly group: number },
): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => {
      const dims = shape.map((side) => (typeof side === "number" ? side : sides[side]));
      const size = dims.reduce((product, side) => product * side, 1);
      return [name, { dims, data: new Float32Array(size) }];
    }),
  );
}
