import { readFileSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { availableParallelism, cpus, release, tmpdir, totalmem } from "node:os";
import { styleText } from "node:util";
import { encodeGreyPng } from "../../codec/index.ts";
import { nodeDecoder } from "../../codec/node.ts";
import { dawnRuntime, nativeRuntime, nodeRuntime } from "../../engine/host/node.ts";
import { createSegmenter, type Runtime } from "../../engine/index.ts";
import { bundledModel, MODEL } from "../engine/model.ts";
import { EXIT } from "../exit-status.ts";

interface Finding {
  readonly what: string;
  readonly works: boolean;
  readonly detail: string;
  /** Whether masks can be made without it. */
  readonly optional: boolean;
}

/** `cosal doctor`: what works here, and why the rest does not. What a bug report needs. */
export async function doctor(): Promise<number> {
  const mebibytes = Math.round(totalmem() / 2 ** 20);
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(`cosal ${version()}, Node ${process.version}`);
  console.log(`${process.platform} ${process.arch} ${release()}`);
  console.log(`${availableParallelism()} cores of ${processor}, ${mebibytes} MiB of memory\n`);
  const findings = [
    await find("native runtime", true, async () => {
      await oneMask(await nativeRuntime({ threads: 1 }));
      return "onnxruntime-node masks a picture; used unless --runtime says otherwise";
    }),
    await find("WebAssembly runtime", false, async () => {
      await oneMask(nodeRuntime());
      return "masks a picture; comes with the package";
    }),
    await find("WebGPU runtime", true, async () => {
      const { adapter } = await dawnRuntime();
      return `Dawn has ${adapter}; used by cosal serve`;
    }),
    await find("temporary folder", false, async () => {
      await access(tmpdir(), constants.W_OK);
      return tmpdir();
    }),
  ];
  for (const finding of findings) console.log(line(finding));
  return findings.every(({ works, optional }) => works || optional) ? EXIT.done : EXIT.failed;
}

async function find(
  what: string,
  optional: boolean,
  check: () => Promise<string>,
): Promise<Finding> {
  try {
    return { what, works: true, detail: await check(), optional };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { what, works: false, detail, optional };
  }
}

/** Decodes a picture, loads every graph against its checksum, and runs them. */
async function oneMask(runtime: Runtime): Promise<void> {
  const segmenter = await createSegmenter({
    model: bundledModel(),
    runtime,
    decoder: nodeDecoder(),
  });
  const row = Uint8Array.from({ length: 64 }, (_, x) => 4 * x);
  const picture = await encodeGreyPng(64, 64, Array(64).fill(row));
  const [mask] = await Array.fromAsync(segmenter.segment([{ id: "test picture", bytes: picture }]));
  if (mask === undefined || !mask.logits.data.every(Number.isFinite)) {
    throw new Error(`${MODEL} gives no mask.`);
  }
}

function line({ what, works, detail, optional }: Finding): string {
  const sign = works
    ? styleText("green", "works  ")
    : optional
      ? styleText("yellow", "absent ")
      : styleText("red", "broken ");
  return `${sign} ${what.padEnd(20)} ${detail}`;
}

function version(): string {
  const file = new URL("../../../package.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}
