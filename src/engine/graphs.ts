import { CosalError } from "../errors.ts";
import type { Graph, GraphName, Manifest } from "./manifest.ts";
import { openGraph } from "./model.ts";
import type { Runtime, Session, Tensors } from "./runtime/runtime.ts";
import type { ModelFiles } from "./types.ts";

/**
 * The loaded graphs. Sessions are kept, promises of sessions are not: in a Worker, a promise that a
 * dropped request has made never settles, and who waited for it would wait for ever.
 */
export class Graphs {
  private readonly manifest: Manifest;
  private readonly files: ModelFiles;
  private readonly runtime: Runtime;
  private readonly sessions: Partial<Record<GraphName, Session>> = {};

  constructor(manifest: Manifest, files: ModelFiles, runtime: Runtime) {
    this.manifest = manifest;
    this.files = files;
    this.runtime = runtime;
  }

  /** Names of what a graph takes; none when the model does not have it. */
  inputs(name: GraphName): readonly string[] {
    return Object.keys(this.manifest.graphs[name]?.inputs ?? {});
  }

  /** Runs a graph on those of `tensors` that it takes. */
  async run(name: GraphName, tensors: Tensors): Promise<Tensors> {
    const session = this.sessions[name] ?? (await this.open(name));
    const inputs = Object.fromEntries(
      this.inputs(name).map((input) => {
        const tensor = tensors[input];
        if (!tensor) throw new CosalError("model_invalid", `graph ${name} asks for ${input}`);
        return [input, tensor];
      }),
    );
    return session.run(inputs);
  }

  /**
   * Opens a graph, after all smaller ones: those find room in the 16 MiB that onnxruntime's heap
   * begins with, and the large one does not leave them gaps that add up (cosal-lite: 43 MiB in the
   * end, and 48 with the encoder first; `npm run bench:memory`).
   */
  private async open(wanted: GraphName): Promise<Session> {
    const limit = this.graph(wanted).bytes;
    const names = (Object.keys(this.manifest.graphs) as GraphName[])
      .filter((name) => name !== wanted && (this.manifest.graphs[name]?.bytes ?? limit) < limit)
      .sort((a, b) => this.graph(a).bytes - this.graph(b).bytes);
    for (const name of names) await this.openOne(name);
    return this.openOne(wanted);
  }

  private async openOne(name: GraphName): Promise<Session> {
    const loaded = this.sessions[name];
    if (loaded) return loaded;
    const session = await openGraph(name, this.graph(name), this.files, this.runtime);
    const meanwhile = this.sessions[name];
    if (meanwhile) {
      await session.close();
      return meanwhile;
    }
    this.sessions[name] = session;
    return session;
  }

  private graph(name: GraphName): Graph {
    const graph = this.manifest.graphs[name];
    if (!graph) throw new CosalError("model_invalid", `the model has no graph ${name}`);
    return graph;
  }
}
