// The device process: `main.ts RUNTIME`, started by the server and of no use without it.
import { openRuntime, type RuntimeChoice } from "./open-runtime.ts";
import { serve } from "./serve.ts";

await serve(() => openRuntime(process.argv[2] as RuntimeChoice));
