import type { Runtime } from "../engine/index.ts";

/**
 * A runtime that lets the event loop turn once before each run of a graph. The graphs run on the
 * isolate's only thread: without this nothing that was told about a group would leave, no other
 * request would be served, and nobody would notice that a caller has hung up until the group is done.
 */
export function yieldingRuntime(runtime: Runtime): Runtime {
  return {
    async open(graph) {
      const session = await runtime.open(graph);
      return {
        async run(inputs) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return session.run(inputs);
        },
        close: () => session.close(),
      };
    },
  };
}
