// A device process that can be broken: what the server's own runs, with faults on demand. SIGUSR1
// loses the device, as a driver does: whatever runs now or later fails. SIGUSR2 makes the next run
// never end, with the event loop blocked, as a wedged GPU does. Names of faults that it is to be
// born with follow the runtime's name.
import { openRuntime, type RuntimeChoice } from "../../src/server/device/open-runtime.ts";
import { serve } from "../../src/server/device/serve.ts";

const [, , choice, fault] = process.argv;
let isHanging = false;
const lost = Promise.withResolvers<string>();
process.on("SIGUSR1", () => lost.resolve("simulated"));
process.on("SIGUSR2", () => {
  isHanging = true;
});

await serve(async () => {
  if (fault === "unusable") throw new Error("no adapter here");
  if (fault === "dead") process.exit(3);
  const { runtime, device } = await openRuntime(choice as RuntimeChoice);
  const hoard: Uint8Array[] = [];
  return {
    device,
    lost: lost.promise,
    runtime: {
      async open(graph) {
        const session = await runtime.open(graph);
        return {
          close: () => session.close(),
          async run(inputs) {
            // Signals arrive between two turns of the event loop, and a run blocks it.
            await new Promise((resolve) => setTimeout(resolve, 1));
            while (isHanging);
            if (fault === "poison") throw new Error("the run failed");
            if (fault === "leak") hoard.push(new Uint8Array(32 * 2 ** 20).fill(1));
            return session.run(inputs);
          },
        };
      },
    },
  };
});
