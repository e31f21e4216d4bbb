// `npm run dev`: the Worker on PORT (default 8787) until stopped.
import { startLocalWorker } from "./worker.ts";

const port = Number(process.env.PORT ?? 8787);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`Expected a port number in PORT but received ${process.env.PORT}.`);
  process.exit(1);
}

const worker = await startLocalWorker({ port, watch: true }).catch((error) => {
  console.error(
    error.code === "EADDRINUSE" ? `Port ${port} is taken. Set PORT to another.` : error,
  );
  process.exit(1);
});
console.log(`cosal listens on ${worker.url}. Try, from the project's folder:

  curl ${["on-a-bin", "in-a-tree", "with-a-cat"].map((name) => `-F image=@examples/raccoons/${name}.jpg`).join(" ")} ${worker.url}/v1/groups
`);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, async () => {
    await worker.stop();
    process.exit(0);
  });
}
