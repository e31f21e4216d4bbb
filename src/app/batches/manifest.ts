import { CosalError } from "../../errors.ts";
import { withoutExtension } from "../../file-names.ts";
import { sha256 } from "../../group/index.ts";
import { parseBody } from "../problems/index.ts";
import { BatchLineSchema } from "../schemas/batch.ts";
import type { BatchBucket, BatchLimits, BatchLine } from "./types.ts";

/** Maximum characters of a line with a name, a SHA-256 and a group. */
const MAX_LINE = 2000;

export interface ManifestRules {
  readonly limits: BatchLimits;
  /** Whether one consensus masks all photographs. Then lines have no group. */
  readonly hasConsensus: boolean;
  /** Whether lines may name photographs in a bucket. */
  readonly hasBucket: boolean;
}

/**
 * Lines for the photographs below a prefix. Each folder is a group.
 *
 * @throws CosalError (while iterated) body_too_large, group_too_large, group_empty, store_unavailable
 */
export async function* listManifest(
  bucket: BatchBucket,
  prefix: string,
  rules: ManifestRules,
): AsyncGenerator<BatchLine> {
  const groups = new Groups(rules);
  let line = 0;
  for await (const key of bucket.list(prefix)) {
    // Other files are ignored.
    if (withoutExtension(key) === key) continue;
    line++;
    if (line > rules.limits.lines) throw tooManyLines(rules.limits.lines);
    const folder = key.slice(0, Math.max(0, key.lastIndexOf("/")));
    const group = rules.hasConsensus ? undefined : folder || "/";
    groups.check(group, line);
    yield { line, id: key.slice(prefix.length), key, group: group ?? "" };
  }
  if (line === 0) throw new CosalError("group_empty", "There is no photograph below this prefix.");
}

/**
 * The lines of a manifest (JSON Lines) as its bytes arrive. Errors name the number of the line.
 *
 * @throws CosalError (while iterated) body_not_json, body_invalid, body_too_large, group_empty
 */
export async function* readManifest(
  blocks: AsyncIterable<Uint8Array>,
  rules: ManifestRules,
): AsyncGenerator<BatchLine> {
  const groups = new Groups(rules);
  const { storedLines = rules.limits.lines } = rules.limits;
  let line = 0;
  let stored = 0;
  for await (const text of textLines(blocks)) {
    line++;
    if (line > rules.limits.lines) throw tooManyLines(rules.limits.lines);
    if (text.length > MAX_LINE) throw wrong(line, `it has more than ${MAX_LINE} characters`);
    const { id, sha256, key, group } = parseLine(text, line);
    if ((sha256 === undefined) === (key === undefined)) {
      throw wrong(line, "expected one of sha256 and key");
    }
    if (key !== undefined && !rules.hasBucket) {
      throw wrong(line, "this deployment has no bucket that photographs are taken from", "/key");
    }
    if (sha256 !== undefined) stored++;
    if (stored > storedLines) throw tooManyStored(storedLines);
    groups.check(group, line);
    const where = sha256 === undefined ? { key } : { sha256 };
    yield { line, id: id ?? key ?? String(line), ...where, group: group ?? "" } as BatchLine;
  }
  if (line === 0) throw new CosalError("group_empty", "The manifest has no line.");
}

/** Checks that the lines of a group are adjacent, so that a manifest can be read without keeping it. */
class Groups {
  readonly #rules: ManifestRules;
  readonly #seen = new Set<string>();
  #current: string | undefined;
  #count = 0;

  constructor(rules: ManifestRules) {
    this.#rules = rules;
  }

  check(group: string | undefined, line: number): void {
    const { hasConsensus, limits } = this.#rules;
    if (hasConsensus) {
      if (group === undefined) return;
      throw wrong(line, "it names a group, but one consensus is for all photographs", "/group");
    }
    if (group === undefined) {
      const detail =
        "it names no group: with groups every line does, and without them ask for ?consensus=";
      throw wrong(line, detail, "/group");
    }
    if (group !== this.#current) {
      if (this.#seen.has(group)) {
        const name = JSON.stringify(group);
        throw wrong(
          line,
          `the group ${name} was there before; its lines follow each other`,
          "/group",
        );
      }
      this.#seen.add(group);
      this.#current = group;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > limits.groupLines) throw tooManyOfGroup(group, line, limits.groupLines);
  }
}

function parseLine(text: string, line: number) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = text.trim() === "" ? "it is empty" : (cause as SyntaxError).message;
    throw new CosalError("body_not_json", `Line ${line} of the manifest is no JSON: ${reason}.`, {
      places: [{ pointer: `#/${line - 1}`, detail: reason }],
      cause,
    });
  }
  try {
    return parseBody(BatchLineSchema, value, `#/${line - 1}`);
  } catch (error) {
    if (!(error instanceof CosalError)) throw error;
    const { places } = error;
    const [first] = places;
    const field = first?.pointer.split("/").slice(2).join("/");
    const detail = `${field ? `${field}: ` : ""}${first?.detail}`;
    throw new CosalError("body_invalid", `Line ${line} of the manifest: ${detail}.`, { places });
  }
}

/** Lines without line ends. @throws CosalError body_invalid if the text is not UTF-8 */
async function* textLines(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  const decoded = (block?: Uint8Array) => {
    try {
      return block === undefined ? decoder.decode() : decoder.decode(block, { stream: true });
    } catch (cause) {
      throw new CosalError("body_invalid", "The manifest is not UTF-8.", { cause });
    }
  };
  const withoutReturn = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);
  for await (const block of blocks) {
    const lines = (rest + decoded(block)).split("\n");
    rest = lines.pop() ?? "";
    // A line without an end would fill the memory.
    if (rest.length > MAX_LINE + 1) lines.push(rest);
    for (const line of lines) yield withoutReturn(line);
  }
  rest += decoded();
  if (rest !== "") yield withoutReturn(rest);
}

/** Number of lines that are hashed together, so that the digest does not depend on chunks. */
const DIGESTED = 1000;

/** Hash of a manifest's lines. `lines` must be read first. */
export function fingerprinted(lines: AsyncIterable<BatchLine>): {
  readonly lines: AsyncIterable<BatchLine>;
  readonly result: () => { readonly digest: string; readonly total: number };
} {
  let digest = "";
  let total = 0;
  async function* read() {
    let several: BatchLine[] = [];
    const take = async () => {
      digest = await sha256(new TextEncoder().encode(digest + JSON.stringify(several)));
      several = [];
    };
    for await (const line of lines) {
      total++;
      several.push(line);
      if (several.length === DIGESTED) await take();
      yield line;
    }
    await take();
  }
  return { lines: read(), result: () => ({ digest, total }) };
}

function wrong(line: number, detail: string, field = ""): CosalError {
  return new CosalError("body_invalid", `Line ${line} of the manifest: ${detail}.`, {
    places: [{ pointer: `#/${line - 1}${field}`, detail }],
  });
}

function tooManyLines(limit: number): CosalError {
  return new CosalError("body_too_large", `The manifest has more than ${limit} lines.`, {
    limit: { name: "lines", limit, actual: limit + 1 },
  });
}

function tooManyStored(limit: number): CosalError {
  return new CosalError(
    "body_too_large",
    `The manifest names more than ${limit} photographs by SHA-256. Send several batches, or name them by their keys in the bucket.`,
    { limit: { name: "stored_lines", limit, actual: limit + 1 } },
  );
}

function tooManyOfGroup(group: string, line: number, limit: number): CosalError {
  const name = JSON.stringify(group);
  return new CosalError(
    "group_too_large",
    `Line ${line} of the manifest: the group ${name} has more than ${limit} photographs. Learn from some of them, and send the rest with ?consensus=.`,
    { limit: { name: "images", limit, actual: limit + 1 } },
  );
}
