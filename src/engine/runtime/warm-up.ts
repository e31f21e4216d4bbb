import type { Graph } from "../manifest.ts";
import type { Session } from "./runtime.ts";

/**
 * Runs a graph once in each batch size, on zeros: on a GPU the first run of a shape compiles its
 * shaders, which takes seconds; later ones do not.
 *
 * @param batches images per run
 * @param group images whose keys the affinity graph looks at
 */
export async function warmUp(
  session: Session,
  graph: Graph,
  batches: readonly number[],
  group = 2,
): Promise<void> {
  for (const batch of batches) {
    const inputs = Object.entries(graph.inputs).map(([name, shape]) => {
      const dims = shape.map((side) =>
        side === "batch" ? batch : side === "group" ? group : side,
      );
      const length = dims.reduce((product, side) => product * side, 1);
      return [name, { data: new Float32Array(length), dims }] as const;
    });
    await session.run(Object.fromEntries(inputs));
  }
}
