// `npm run server [-- OPTION...]`: the server from its sources, with the playground as it is now.
import { buildPlayground, isOutdated } from "./playground/build.ts";

if (isOutdated()) await buildPlayground();
await import("../src/server/main.ts");
