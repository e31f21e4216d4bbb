import { execFileSync } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPTIONAL_PACKAGES } from "../../src/optional-package.ts";

// The package as others get it: built, packed, unpacked into another project's node_modules.

const root = join(import.meta.dirname, "..", "..");
const description = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { version } = description;
const project = mkdtempSync(join(tmpdir(), "cosal-package-"));
const run = (program: string, args: string[], cwd = project) =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

beforeAll(() => {
  run(process.execPath, [join(root, "scripts", "build.ts")], root);
  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", project], root);
  const folder = join(project, "node_modules", "cosal");
  mkdirSync(folder, { recursive: true });
  run("tar", ["-xzf", `cosal-${version}.tgz`, "-C", folder, "--strip-components=1"]);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
}, 120_000);

afterAll(() => rmSync(project, { recursive: true }));

/** The code blocks of docs/engine.md below a heading. */
function examples(heading: string): string[] {
  const text = readFileSync(join(root, "docs", "engine.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  return [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);
}

test("docs/engine.md's example for Node makes masks", () => {
  const [example] = examples("In Node");
  writeFileSync(join(project, "example.js"), example as string);
  const photographs = ["by-a-hedge", "on-a-rock"].map((name) =>
    join(root, "examples", "cats", `${name}.jpg`),
  );
  const lines = run(process.execPath, ["example.js", ...photographs])
    .trim()
    .split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^by-a-hedge\.jpg \d+ x \d+ 0\.\d+ 0\.\d+$/);
  const png = readFileSync(join(project, "on-a-rock.jpg.mask.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
});

test("its types are those of the source, under a strict compiler", () => {
  const program = `
    import { maskPng } from "cosal/codec";
    import { createSegmenter, type ImageMask, memoryFeatureCache } from "cosal/engine";
    import { browserRuntime } from "cosal/engine/browser";
    import { dawnRuntime, modelFolder, nativeRuntime, nodeDecoder } from "cosal/engine/node";
    const segmenter = await createSegmenter({
      model: modelFolder("m"), runtime: await nativeRuntime({ threads: 1 }), decoder: nodeDecoder(),
      features: memoryFeatureCache(1),
    });
    const masks: ImageMask[] = await Array.fromAsync(segmenter.segment([]));
    const bytes: Promise<Uint8Array> = maskPng(masks[0]!);
    // @ts-expect-error: an image has an id
    segmenter.segment([{ bytes: new Uint8Array() }]);
    export { browserRuntime, bytes, dawnRuntime };
  `;
  writeFileSync(join(project, "program.ts"), program);
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        ...{ strict: true, noEmit: true, skipLibCheck: false, target: "ES2024" },
        ...{ module: "NodeNext", lib: ["ESNext", "DOM", "DOM.Iterable"], types: [] },
      },
      files: ["program.ts"],
    }),
  );
  run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc")]);
});

test("it imports only what it depends on", async () => {
  const folder = join(project, "node_modules", "cosal", "dist");
  const { dependencies, optionalDependencies, peerDependencies } = description;
  const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies };
  const { metafile } = await build({
    entryPoints: globSync("**/*.js", { cwd: folder }).map((file) => join(folder, file)),
    ...{ bundle: true, packages: "external", platform: "node", format: "esm" },
    ...{ metafile: true, write: false, outdir: project, logLevel: "silent" },
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const packages = new Set(imports.map(({ path }) => packageOf(path)));
  expect(packages.size).toBeGreaterThan(10);
  const undeclared = [...packages].filter((name) => !isBuiltin(name) && !(name in declared));
  expect(undeclared).toEqual([]);
});

function packageOf(specifier: string): string {
  const [first = "", second] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

test("a message names the versions of optional packages that it takes", () => {
  expect(description.peerDependencies).toEqual(OPTIONAL_PACKAGES);
});
