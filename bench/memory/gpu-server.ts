import { join } from "node:path";
import { type Compute, createApp, silent } from "../../src/app/index.ts";
import { encodeLogits } from "../../src/codec/index.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { modelFolder } from "../../src/engine/host/node.ts";
import { describeModel, encodeConsensus } from "../../src/engine/index.ts";
import { memoryStores } from "../../src/group/index.ts";
import { listen } from "../../src/server/http/listener.ts";
import { serverLimits } from "../../src/server/limits.ts";

const MODEL = join(import.meta.dirname, "..", "..", "models", "cosal-lite");
const GRID = 80;

/** Looks at no photograph, so that a busy machine does not make the Worker wait. */
const compute: Compute = async function* compute({ model, images }) {
  yield { type: "backend", name: "none", reason: "" };
  const data = new Float32Array(16).fill(0.5);
  yield {
    type: "consensus",
    consensus: encodeConsensus({ model: model.digest, shape: [2, 8], data }),
  };
  const logits = { width: GRID, height: GRID, data: new Float32Array(GRID * GRID).fill(1) };
  for (const [image, { header }] of images.entries()) {
    const { width = 1, height = 1 } = header ?? {};
    const record = await encodeLogits({ width, height, logits });
    const mask = { width, height, coverage: 1, box: null, presence: 1, record };
    yield { type: "mask", image, mask };
  }
};

/** A server behind a Worker, and what the Worker has to know of it. */
export async function startGpuServer() {
  const model = await describeModel(modelFolder(MODEL));
  const app = createApp({
    models: async () => [model],
    stores: memoryStores(),
    compute,
    decoder: nodeDecoder(),
    limits: serverLimits("native"),
    log: silent,
  });
  const listener = await listen("127.0.0.1", 0);
  listener.serve((request) => app.fetch(request));
  const variables = { GPU_BACKENDS: `gpu=${listener.url}`, GPU_SECRET: "s".repeat(32) };
  return { variables, stop: () => listener.cut() };
}
