// `npm run bench:engine:operators [-- MODEL]`: where a graph's time goes, by kind of operator, in
// WASM and natively on one thread, from onnxruntime's own profiles.
//
// Each operator's time is the shortest of all runs, so that what else the machine does falls out.
// Each runtime profiles in a process of its own (`operators.ts MODEL wasm encoder`): the WASM build
// writes its profile to standard output, the native one to a file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeModel } from "../../src/engine/index.ts";
import { machine } from "../machine.ts";

const RUNS = 30;
const GRAPHS = ["encoder", "decoder"] as const;
const [model = join(import.meta.dirname, "..", "..", "models", "cosal-lite"), runtime, graph] =
  process.argv.slice(2);

interface ProfiledNode {
  readonly cat: string;
  readonly dur: number;
  readonly name: string;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

if (runtime !== undefined) await profile(runtime, graph as (typeof GRAPHS)[number]);
else await compare();

async function profile(name: string, which: (typeof GRAPHS)[number]): Promise<void> {
  const files = async (file: string) => new Uint8Array(readFileSync(join(model, file)));
  const { manifest } = await describeModel(files);
  const { file, inputs } = manifest.graphs[which];
  const ort = await (name === "wasm" ? import("onnxruntime-web/wasm") : import("onnxruntime-node"));
  ort.env.wasm.numThreads = 1;
  const folder = mkdtempSync(join(tmpdir(), "cosal-profile-"));
  const session = await ort.InferenceSession.create(await files(file), {
    executionProviders: [name === "wasm" ? "wasm" : "cpu"],
    intraOpNumThreads: 1,
    enableProfiling: true,
    profileFilePrefix: join(folder, "profile"),
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([input, shape]) => {
      const dims = shape.map((side) => (typeof side === "number" ? side : 1));
      const length = dims.reduce((product, side) => product * side, 1);
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i));
      return [input, new ort.Tensor("float32", data, dims)];
    }),
  );
  for (let run = 0; run < RUNS; run++) await session.run(feeds);
  session.endProfiling();
  if (name !== "wasm") execFileSync("cat", ["-s", ...filesOf(folder)], { stdio: "inherit" });
  rmSync(folder, { recursive: true });
}

function filesOf(folder: string): string[] {
  return execFileSync("find", [folder, "-type", "f"], { encoding: "utf8" }).trim().split("\n");
}

interface Kind {
  nodes: number;
  milliseconds: number;
  /** Multiply-adds, in millions. */
  work: number;
}

function kindsOf(name: string, which: string): Map<string, Kind> {
  const text = execFileSync(process.execPath, [import.meta.filename, model, name, which], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  const shortest = new Map<string, ProfiledNode>();
  for (const node of JSON.parse(text.slice(text.indexOf("["))) as ProfiledNode[]) {
    if (node.cat !== "Node" || !node.name.endsWith("_kernel_time")) continue;
    const known = shortest.get(node.name);
    if (known === undefined || node.dur < known.dur) shortest.set(node.name, node);
  }
  const kinds = new Map<string, Kind>();
  for (const { dur, args } of shortest.values()) {
    const [kind, work] = classify(args);
    const sum = kinds.get(kind) ?? { nodes: 0, milliseconds: 0, work: 0 };
    sum.nodes++;
    sum.milliseconds += dur / 1000;
    sum.work += work;
    kinds.set(kind, sum);
  }
  return kinds;
}

function classify({ op_name = "?", input_type_shape, output_type_shape }: ProfiledNode["args"]) {
  const shapes = input_type_shape?.map((entry) => Object.values(entry)[0] ?? []) ?? [];
  const output = Object.values(output_type_shape?.[0] ?? {})[0] ?? [];
  const [input = [], weights = []] = shapes;
  if (!op_name.endsWith("Conv") || weights.length !== 4) return [op_name, 0] as const;
  const [, channels = 1, side = 1, other = 1] = weights;
  const size = output.reduce((product, length) => product * length, 1);
  const work = (size * channels * side * other) / 1e6;
  const depthwise = channels === 1 && (input[1] ?? 1) > 1;
  return [`Conv ${side}x${other}${depthwise ? ", depth-wise" : ""}`, work] as const;
}

async function compare(): Promise<void> {
  console.log(`${machine()}\n\nModel ${model}; shortest of ${RUNS} runs of each operator`);
  for (const which of GRAPHS) {
    const wasm = kindsOf("wasm", which);
    const native = kindsOf("native", which);
    const total = (kinds: Map<string, Kind>) =>
      [...kinds.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    console.log(
      `\n${which}: WASM ${total(wasm).toFixed(1)} ms, native ${total(native).toFixed(1)} ms` +
        `, ratio ${(total(wasm) / total(native)).toFixed(1)}\n` +
        `${"".padEnd(24)}nodes     MMAC  WASM ms  GFLOP/s  native ms  GFLOP/s  ratio`,
    );
    const sorted = [...wasm].sort(([, a], [, b]) => b.milliseconds - a.milliseconds);
    for (const [kind, { nodes, milliseconds, work }] of sorted) {
      if (milliseconds < total(wasm) / 200) continue;
      const other = native.get(kind)?.milliseconds ?? Number.NaN;
      const rate = (time: number) => (work > 0 ? (2 * work) / time : Number.NaN);
      const columns = [nodes, work, milliseconds, rate(milliseconds), other, rate(other)];
      const widths = [5, 9, 9, 9, 11, 9];
      const cells = columns.map((value, i) =>
        (Number.isNaN(value) ? "-" : value.toFixed(i < 2 ? 0 : 1)).padStart(widths[i] as number),
      );
      const ratio = (milliseconds / other).toFixed(1).padStart(7);
      console.log(`${kind.padEnd(24)}${cells.join("")}${ratio}`);
    }
  }
}
