import { CosalError } from "../errors.ts";
import { type Graph, type GraphName, type Manifest, parseManifest } from "./manifest.ts";
import type { Runtime, Session } from "./runtime/runtime.ts";
import type { ModelFiles } from "./types.ts";

/** The manifest of a model, and a digest of everything that its results depend on. */
export interface ModelDescription {
  readonly manifest: Manifest;
  /** SHA-256, hex. */
  readonly digest: string;
}

/**
 * Reads a model's manifest without loading its graphs.
 *
 * @throws CosalError model_invalid
 */
export async function describeModel(files: ModelFiles): Promise<ModelDescription> {
  const manifest = parseManifest(await files("manifest.json"));
  return { manifest, digest: await modelDigest(manifest) };
}

/**
 * SHA-256 of the canonical JSON (sorted keys, no spaces) of name, version, input, consensus,
 * refinements, excludeSelf, seededRefinements, likeness, confidence and presenceWeights if present,
 * and each graph's SHA-256. Metrics and notes may change without changing it.
 */
async function modelDigest(manifest: Manifest): Promise<string> {
  const { name, version, input, consensus, refinements, excludeSelf } = manifest;
  const { seededRefinements, likeness, confidence, presenceWeights } = manifest;
  const graphs = Object.fromEntries(
    Object.entries(manifest.graphs).flatMap(([graph, value]) =>
      value ? [[graph, value.sha256]] : [],
    ),
  );
  const text = JSON.stringify(
    sorted({
      ...{ name, version, input, consensus, refinements, excludeSelf, seededRefinements },
      ...{ likeness, confidence, presenceWeights },
      graphs,
    }),
  );
  return sha256(new TextEncoder().encode(text));
}

/** Loads one graph after comparing its SHA-256 with the manifest. */
export async function openGraph(
  name: GraphName,
  graph: Graph,
  files: ModelFiles,
  runtime: Runtime,
): Promise<Session> {
  const bytes = await files(graph.file);
  const digest = await sha256(bytes);
  if (digest !== graph.sha256) {
    throw new CosalError(
      "model_invalid",
      `${graph.file} has SHA-256 ${digest}; the manifest says ${graph.sha256} for graph ${name}`,
    );
  }
  try {
    return await runtime.open(bytes);
  } catch (cause) {
    throw new CosalError("model_invalid", `graph ${name} cannot be loaded`, { cause });
  }
}

/** Hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
