import { CosalError } from "../errors.ts";
import type { GraphName, Manifest } from "./manifest.ts";
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

  /** Runs a graph on those of `tensors` that it takes. */
  async run(name: GraphName, tensors: Tensors): Promise<Tensors> {
    const graph = this.manifest.graphs[name];
    if (!graph) throw new CosalError("model_invalid", `the model has no graph ${name}`);
    const session = this.sessions[name] ?? (await this.open(name));
    const inputs = Object.fromEntries(
      Object.keys(graph.inputs).map((input) => {
        const tensor = tensors[input];
        if (!tensor) throw new CosalError("model_invalid", `graph ${name} asks for ${input}`);
        return [input, tensor];
      }),
    );
    return session.run(inputs);
  }

  private async open(name: GraphName): Promise<Session> {
    const graph = this.manifest.graphs[name];
    if (!graph) throw new CosalError("model_invalid", `the model has no graph ${name}`);
    const session = await openGraph(name, graph, this.files, this.runtime);
    const meanwhile = this.sessions[name];
    if (meanwhile) {
      await session.close();
      return meanwhile;
    }
    this.sessions[name] = session;
    return session;
  }
}
