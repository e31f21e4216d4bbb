#!/usr/bin/env node
// `npm run server [-- OPTION...]`, or `cosal-server`: see `USAGE` in options.ts.
import { runServer } from "./run.ts";

await runServer(process.argv.slice(2));
