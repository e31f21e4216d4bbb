// `npm run dev:full [-- --runtime webgpu|native|wasm]`: the GPU server on port 8788 and the Worker on
// PORT (default 8787) before it, wired together with a secret made for the occasion. The Worker
// computes small groups itself and sends the others on.

import { readOptions } from "../src/server/options.ts";
import { startServer } from "../src/server/server.ts";
import { createLogger } from "../src/server/telemetry/log.ts";
import { startLocalWorker } from "./worker.ts";

const secret = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
  byte.toString(16).padStart(2, "0"),
).join("");
const { PORT = "8787", ...environment } = process.env;
const options = readOptions(process.argv.slice(2), {
  ...environment,
  COSAL_BACKEND_SECRET: secret,
});
if (options === "help") {
  console.log(
    "npm run dev:full [-- --runtime webgpu|native|wasm|auto] [--port 8788] [--data FOLDER]",
  );
  process.exit(0);
}

const server = await startServer(options, createLogger());
const worker = await startLocalWorker({
  port: Number(PORT),
  watch: true,
  variables: { GPU_BACKENDS: `local=${server.url}`, GPU_SECRET: secret },
});
console.log(`The Worker listens on ${worker.url}, the GPU server on ${server.url}. Try:

  curl -i ${["on-a-bin", "in-a-tree", "with-a-cat"].map((name) => `-F image=@examples/raccoons/${name}.jpg`).join(" ")} '${worker.url}/v1/groups?backend=gpu'
`);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, async () => {
    await Promise.all([worker.stop(), server.stop(0)]);
    process.exit(0);
  });
}
