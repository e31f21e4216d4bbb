import { createHash } from "node:crypto";
import type { Runtime, Session, Tensors } from "../../engine/index.ts";
import type { RunRequest } from "./run-queue.ts";
import type { Supervisor } from "./supervisor.ts";

/** Facts about a graph that the engine does not pass when it opens it. */
export interface GraphRole {
  /** For metrics, e.g. `encoder`. */
  readonly name: string;
  readonly warmUps: readonly (() => Tensors)[];
  /** Wraps runs between the engine and the device, e.g. to batch them. */
  readonly wrap?: (run: RunGraph) => Session["run"];
}

/** Runs a graph. `inputs` is called when the device is free. */
export type RunGraph = (
  inputs: () => Tensors,
  options?: Pick<RunRequest, "signal" | "callers">,
) => Promise<Tensors>;

/** The group for which the engine runs a graph. */
export interface Source {
  readonly caller: string;
  readonly signal: AbortSignal;
}

/**
 * An engine runtime whose graphs run in the device process. Sessions survive restarts of it.
 *
 * @param roleOf the role of a graph, by the SHA-256 of its file in hex
 * @param sourceOf the current group; its runs take turns with those of others
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
