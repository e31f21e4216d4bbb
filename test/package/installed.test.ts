// `npm run test:package`: the package as a user gets it, in an empty folder with an empty npm cache,
// without any of the optional packages. What README.md and docs/cli.md say to type is typed.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Installed, installPacked } from "./install.ts";
import { oldestNode, tooOldNode } from "./nodes.ts";

const root = join(import.meta.dirname, "..", "..");
let installed: Installed;
/** The masks of this checkout, in WebAssembly, by name. */
let expected: Record<string, string>;

beforeAll(() => {
  installed = installPacked();
  cpSync(join(root, "examples", "cats"), join(installed.folder, "photos"), { recursive: true });
  const checkout = [join(root, "src", "cli", "main.ts"), "photos/", "-o", "expected", "-q"];
  run(process.execPath, [...checkout, "--runtime", "wasm"]);
  expected = filesIn("expected");
});

afterAll(() => rmSync(installed.folder, { recursive: true }));

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: installed.folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** `npx cosal ...` under a Node. */
function cosal(node: string, ...args: string[]) {
  return run(node, [join("node_modules", "cosal", "bin", "cosal.mjs"), ...args]);
}

/** Digests of a folder's masks and of its consensus, by name. */
function filesIn(folder: string): Record<string, string> {
  const path = join(installed.folder, folder);
  const names = readdirSync(path).filter((name) => /^[\w-]+\.(png|cosal)$/.test(name));
  const digestOf = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(path, name)))
      .digest("hex");
  return Object.fromEntries(
    names.filter((name) => name !== "contact-sheet.png").map((name) => [name, digestOf(name)]),
  );
}

test("npx cosal photos/", () => {
  const { status, stderr } = run("npx", ["--no-install", "cosal", "photos/"]);
  expect(stderr).toMatch(/8 of 8 masks in masks/);
  expect(status).toBe(0);
  expect(Object.keys(expected)).toHaveLength(9);
  expect(filesIn("masks")).toEqual(expected);
});

test("cosal learn and cosal apply", () => {
  const node = process.execPath;
  expect(cosal(node, "learn", "photos/", "-o", "cat.cosal")).toMatchObject({ status: 0 });
  const applied = cosal(node, "apply", "cat.cosal", "photos/", "-o", "applied");
  expect(applied).toMatchObject({ status: 0 });
  expect(filesIn("applied")).toEqual(expected);
});

const NODES = [
  { name: "this Node", node: process.execPath },
  { name: "the oldest Node that it runs on", node: oldestNode() ?? "" },
];

describe.each(NODES)("with $name", ({ node }) => {
  beforeEach(({ skip }) => {
    if (node === "") skip("no package of it for this machine");
  });

  test("every format, and the contact sheet", () => {
    const single = "png,webp,binary,rle,polygons,svg,cutout,overlay";
    const whole = "coco,yolo,colmap,nerfstudio,labelme,cvat,label-studio";
    const args = ["-f", single, whole, "--contact-sheet", "--force", "-o", "formats"];
    expect(cosal(node, "photos/", ...args)).toMatchObject({ status: 0 });
    expect(filesIn("formats")).toEqual(expected);
    const names = readdirSync(join(installed.folder, "formats"));
    for (const file of ["coco.json", "cvat.xml", "label-studio.json", "contact-sheet.png"]) {
      expect(names).toContain(file);
    }
    expect(names.filter((one) => one.startsWith("on-a-rock."))).toHaveLength(8);
  });

  test("cosal doctor says what is not installed and how to get it", () => {
    const { status, stdout } = cosal(node, "doctor");
    expect(status).toBe(0);
    expect(stdout).toMatch(/works +WebAssembly runtime/);
    expect(stdout).toMatch(/absent +native runtime .*npm install .*onnxruntime-node@/);
  });

  test("cosal serve masks a group and shows its documentation", async () => {
    const server = spawn(
      node,
      [join("node_modules", "cosal", "bin", "cosal.mjs"), "serve", "--port", "0", "--data", "data"],
      { cwd: installed.folder, stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      let url = "";
      for await (const chunk of server.stdout) {
        url = /http:\/\/[\w.:]+/.exec(String(chunk))?.[0] ?? "";
        if (url !== "") break;
      }
      server.stdout.resume();
      for (const name of ["", "/swagger-ui.css", "/swagger-ui-bundle.js"]) {
        expect((await fetch(`${url}/docs${name}`)).status, name).toBe(200);
      }
      // The page's runtime is the command's, which the package has once.
      const folder = join(installed.folder, "node_modules", "cosal", "dist");
      const [runtimes] = globSync("playground/playground/runtime-*", { cwd: folder });
      const name = "ort-wasm-simd-threaded.wasm";
      const page = `${url}/${relative("playground", runtimes as string)}/${name}.gz`;
      const runtime = gunzipSync(await (await fetch(page)).bytes());
      expect(runtime.equals(readFileSync(join(folder, "engine", "runtime", name)))).toBe(true);
      const masked = cosal(node, "photos/", "--server", url, "-o", "served", "--force");
      expect(masked).toMatchObject({ status: 0 });
      expect(filesIn("served")).toEqual(expected);
    } finally {
      server.kill();
    }
  });
});

test("a Node that is too old is told what to do", ({ skip }) => {
  const node = tooOldNode();
  if (node === undefined) skip("the Node on the path is new enough");
  const { status, stderr } = cosal(node as string, "photos/");
  expect(stderr).toMatch(/needs Node 22\.13 or newer.*this is v\d+/);
  expect(stderr).toMatch(/npx -p node@24 -p cosal cosal/);
  expect(status).toBe(2);
});

test("its types need no other package, under NodeNext and for bundlers", () => {
  const program = `
    import { Cosal } from "cosal/client";
    import { maskPng } from "cosal/codec";
    import { createSegmenter } from "cosal/engine";
    import { browserRuntime } from "cosal/engine/browser";
    import { dawnRuntime, nativeRuntime } from "cosal/engine/node";
    import { workerdRuntime } from "cosal/engine/workerd";
    export { browserRuntime, Cosal, createSegmenter, dawnRuntime, maskPng, nativeRuntime };
    export const wrong: string = workerdRuntime();
  `;
  writeFileSync(join(installed.folder, "program.ts"), program);
  for (const [module, moduleResolution] of [
    ["NodeNext", "NodeNext"],
    ["ESNext", "bundler"],
  ]) {
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, target: "ES2024", types: [] },
      ...{ module, moduleResolution, lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"] },
    };
    writeFileSync(
      join(installed.folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["program.ts"] }),
    );
    const { stdout } = run(process.execPath, [join(root, "node_modules/typescript/bin/tsc")]);
    // Nothing but the mistake.
    expect(stdout.match(/error TS\d+/g)).toEqual(["error TS2322"]);
  }
});

test("nothing is published that nobody needs", () => {
  const files = execFileSync("tar", ["-tzf", installed.tarball], { encoding: "utf8" });
  for (const name of ["LICENSE", "README.md", "models/cosal-lite/README.md"]) {
    expect(files).toContain(`package/${name}\n`);
  }
  expect(files).toContain("package/third-party/onnxruntime/ThirdPartyNotices.txt\n");
  expect(files).not.toMatch(/golden|\.test\.|fixtures|\.onnx\.|examples|\.ts\n(?<!\.d\.ts\n)/);
  const heavy = /onnxruntime|webgpu|^node-/;
  const names = readdirSync(join(installed.folder, "node_modules"));
  expect(names.filter((name) => heavy.test(name))).toEqual([]);
  const bytes = [...installed.downloads.values()].reduce((sum, one) => sum + one, 0);
  expect(bytes).toBeLessThan(60e6);
});
