import type { Logits } from "../codec/index.ts";
import { CosalError } from "../errors.ts";
import type { GraphName, Manifest } from "./manifest.ts";
import { openGraph } from "./model.ts";
import type { Runtime, Session, Tensor, Tensors } from "./runtime/runtime.ts";
import type { ModelFiles } from "./types.ts";

type Sessions = Partial<Record<GraphName, Session>>;

/**
 * The graphs of a model, each loaded on first use. Sessions are kept between groups, but promises
 * of sessions are not: in a Worker, a promise made by a dropped request never settles, and anyone
 * awaiting it would wait for ever. The images of one group do share promises (`forGroup`).
 */
export class Graphs {
  private readonly manifest: Manifest;
  private readonly files: ModelFiles;
  private readonly runtime: Runtime;
  private readonly sessions: Sessions;
  private readonly opening = new Map<GraphName, Promise<Session>>();

  constructor(manifest: Manifest, files: ModelFiles, runtime: Runtime, sessions: Sessions = {}) {
    this.manifest = manifest;
    this.files = files;
    this.runtime = runtime;
    this.sessions = sessions;
  }

  /** The same graphs for a single group, whose images may run concurrently. */
  forGroup(): Graphs {
    return new Graphs(this.manifest, this.files, this.runtime, this.sessions);
  }

  /** Names of a graph's inputs. Empty if the model does not have the graph. */
  inputs(name: GraphName): readonly string[] {
    return Object.keys(this.manifest.graphs[name]?.inputs ?? {});
  }

  /** Runs a graph on those of the `tensors` that are its inputs. */
  async run(name: GraphName, tensors: Tensors): Promise<Tensors> {
    const session = this.sessions[name] ?? (await this.open(name));
    const inputs = Object.fromEntries(
      this.inputs(name).map((input) => {
        const tensor = tensors[input];
        if (!tensor) throw new CosalError("model_invalid", `graph ${name} needs ${input}`);
        return [input, tensor];
      }),
    );
    return session.run(inputs);
  }

  private open(name: GraphName): Promise<Session> {
    const opening = this.opening.get(name) ?? this.openAnew(name);
    this.opening.set(name, opening);
    return opening;
  }

  private async openAnew(name: GraphName): Promise<Session> {
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

/** The `logits` of the decoder, `[1, 1, height, width]`. */
export function logitsOf({ data, dims }: Tensor): Logits {
  return { width: dims[3] as number, height: dims[2] as number, data };
}
