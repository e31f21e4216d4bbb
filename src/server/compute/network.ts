import type { Decoder } from "../../codec/index.ts";
import {
  createSegmenter,
  describeModel,
  type GraphName,
  type ModelFiles,
  type Segmenter,
  type Tensors,
} from "../../engine/index.ts";
import { BATCH_SHAPES, BATCHING, MAX_BATCH } from "../batching/batch-shapes.ts";
import { batched } from "../batching/batcher.ts";
import { currentGroup } from "../batching/current-group.ts";
import type { RuntimeName } from "../device/protocol.ts";
import { deviceRuntime, type GraphRole, zeros } from "../device/runtime.ts";
import type { Supervisor } from "../device/supervisor.ts";
import type { Metrics } from "../telemetry/metrics.ts";

export interface NetworkParts {
  readonly model: ModelFiles;
  readonly decoder: Decoder;
  readonly supervisor: Supervisor;
  readonly metrics: Metrics;
}

/** A segmenter whose graphs run in the device process and whose encoder runs are batched. */
export async function serverSegmenter(
  { model, decoder, supervisor, metrics }: NetworkParts,
  runtime: RuntimeName,
): Promise<Segmenter> {
  const { manifest } = await describeModel(model);
  const names = Object.keys(manifest.graphs) as GraphName[];
  const roles = new Map<string, GraphRole>();
  for (const name of names) {
    const graph = manifest.graphs[name];
    if (graph === undefined) continue;
    const isEncoder = name === "encoder";
    // Only a GPU has shaders to compile for each shape.
    const shapes = isEncoder && runtime === "webgpu" ? BATCH_SHAPES : [1];
    roles.set(graph.sha256, {
      name,
      warmUps: shapes.map((batch) => (): Tensors => zeros(graph.inputs, { batch, group: 2 })),
      ...(isEncoder && {
        wrap: (run) => {
          const encode = batched(run, {
            batching: () => BATCHING[supervisor.status.device?.runtime ?? runtime],
            servedOf: (caller) => supervisor.servedOf(caller),
            onBatch: (batch) => metrics.onBatch(batch),
            onShared: () => metrics.onShared(),
          });
          return (inputs) => metrics.timed("encode", () => encode(inputs));
        },
      }),
    });
  }
  return createSegmenter({
    model,
    decoder: {
      ...decoder,
      sample: (...args) => metrics.timed("decode", () => decoder.sample(...args)),
    },
    runtime: deviceRuntime(
      supervisor,
      (sha256) => roles.get(sha256) ?? { name: "unknown", warmUps: [] },
      currentGroup,
    ),
    concurrency: MAX_BATCH,
  });
}
