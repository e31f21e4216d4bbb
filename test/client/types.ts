import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compile } from "json-schema-to-typescript";
import { createApp } from "../../src/app/index.ts";
import { fakeHost } from "../fakes.ts";

const root = join(import.meta.dirname, "..", "..");

/** The schemas of the OpenAPI document as TypeScript, one exported type for each. */
export async function clientTypes(): Promise<string> {
  const app = createApp(fakeHost().dependencies);
  const document = await (await app.request("/openapi.json")).json();
  const definitions = JSON.parse(
    JSON.stringify(document.components.schemas).replaceAll(
      "#/components/schemas/",
      "#/definitions/",
    ),
    tupleOf,
  );
  const code = await compile({ title: "Api", type: "object", definitions }, "Api", {
    bannerComment:
      "// Written by `npm run client:types` from the OpenAPI document; not to be edited.",
    additionalProperties: false,
    unreachableDefinitions: true,
    format: false,
  });
  return formatted(
    code
      .replace(/export interface Api \{[^}]*\}\n/, "")
      .replace(/^ \* (This interface was referenced by|via the `definition`).*\n/gm, "")
      .replace(/^ *\* @(min|max)Items .*\n/gm, "")
      .replace(/^( *)\/\*\*\n( *\*\s*\n)*\s*\*\/\n/gm, "")
      .replace(/( *\* *\n)+( *\*\/)/g, "$2"),
  );
}

/** OpenAPI 3.1 writes a tuple as `prefixItems`; json-schema-to-typescript reads draft 7's `items`. */
function tupleOf(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("prefixItems" in value)) return value;
  const { prefixItems, minItems, maxItems, ...rest } = value as Record<string, unknown>;
  const { length } = prefixItems as unknown[];
  return {
    ...rest,
    items: prefixItems,
    additionalItems: false,
    minItems: length,
    maxItems: length,
  };
}

function formatted(code: string): string {
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const options = ["format", "--stdin-file-path=src/client/api.ts"];
  return execFileSync(process.execPath, [biome, ...options], {
    cwd: root,
    input: code,
    encoding: "utf8",
  });
}
