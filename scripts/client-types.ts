// `npm run client:types`: writes src/client/api.ts, the types of the HTTP API, from the OpenAPI
// document that the app makes. A test fails when the file no longer fits the document.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clientTypes } from "../test/client/types.ts";

await writeFile(join(import.meta.dirname, "..", "src", "client", "api.ts"), await clientTypes());
