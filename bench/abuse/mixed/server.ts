// A process of its own: `server.ts FOLDER MIB JWKS` is a server that takes tokens of that identity
// provider. It logs as servers do, `listening` with its address.
import { jwtAuthenticator, remoteKeys } from "../../../src/app/index.ts";
import { startServer } from "../../../src/server/server.ts";
import { appLog, createLogger } from "../../../src/server/telemetry/log.ts";
import { AUDIENCE, ISSUER } from "./identity.ts";

const [data, size, jwks] = process.argv.slice(2) as [string, string, string];
const logger = createLogger();
const keys = remoteKeys(jwks, { log: appLog(logger) });
const server = await startServer(
  { runtime: "native", host: "127.0.0.1", port: 0, data, dataBytes: Number(size) * 2 ** 20 },
  logger,
  { authenticate: jwtAuthenticator({ keys, issuer: ISSUER, audience: AUDIENCE }) },
);
process.once("SIGTERM", async () => {
  await server.stop(5_000);
  process.exit(0);
});
