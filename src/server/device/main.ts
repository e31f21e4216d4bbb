// The device process: `main.ts RUNTIME`. The server starts it and communicates over its pipes.
import { openRuntime, type RuntimeChoice } from "./open-runtime.ts";
import { serve } from "./serve.ts";

await serve(() => openRuntime(process.argv[2] as RuntimeChoice));
