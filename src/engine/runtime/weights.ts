import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fromHalves } from "../../codec/float16.ts";

/** An ONNX file in two parts. */
export interface SplitGraph {
  /** The file without its weights, which it refers to as external data at `WEIGHTS_PATH`. */
  readonly graph: Uint8Array;
  /** The concatenated weights, float32. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

export const WEIGHTS_PATH = "weights";

/** Smaller constants stay in the graph, since shape inference needs some of them. */
const MIN_BYTES = 1024;
/** Alignment of each weight. */
const ALIGNMENT = 16;

// Field numbers and values of onnx.proto (onnx/onnx, IR version 10).
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5 };
const NODE = { input: 1, output: 2, type: 4 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };
const ENTRY = { key: 1, value: 2 };
const FLOAT32 = 1;
const FLOAT16 = 10;
const EXTERNAL = 1;

/**
 * Takes the weights out of an ONNX file, and widens those stored as float16 (an initialiser and a
 * Cast) to float32.
 *
 * onnxruntime's WASM heap never shrinks (https://github.com/microsoft/onnxruntime/issues/21673).
 * After loading a whole file it has room for the file, its parsed copy and both forms of each
 * weight: 49 MiB for cosal-lite at 320 pixels. As external data, a weight is written straight to
 * where it stays: 40 MiB, of which 14 are activations.
 *
 * @throws RangeError if the bytes are not a protobuf message
 */
export function splitWeights(file: Uint8Array): SplitGraph {
  const model = fieldsOf(file);
  const graph = model.find(({ number }) => number === MODEL_GRAPH);
  if (!graph) return { graph: file, weights: new Uint8Array() };
  const fields = fieldsOf(graph.payload);
  const widened = castsOf(fields);
  const blob = new Blob();
  const rest = message((writer) => {
    for (const field of fields) {
      if (widened.drops.has(field)) continue;
      const weight = field.number === GRAPH.initializer;
      writer.raw(weight ? externalise(field, widened, blob) : field.bytes);
    }
  });
  const split = message((writer) => {
    for (const field of model) {
      writer.raw(field === graph ? delimited(MODEL_GRAPH, rest) : field.bytes);
    }
  });
  return { graph: split, weights: blob.bytes() };
}

/** float16 initialisers that only a Cast reads, with the name of the Cast's output. */
interface Widened {
  readonly names: ReadonlyMap<string, string>;
  /** The Casts, which are no longer needed. */
  readonly drops: ReadonlySet<Field>;
}

function castsOf(graph: readonly Field[]): Widened {
  const halves = new Set<string>();
  for (const field of graph) {
    if (field.number !== GRAPH.initializer) continue;
    const tensor = fieldsOf(field.payload);
    if (integer(tensor, TENSOR.type) === FLOAT16) halves.add(text(tensor, TENSOR.name));
  }
  const uses = new Map<string, number>();
  const casts: { field: Field; input: string; output: string }[] = [];
  for (const field of graph) {
    if (field.number !== GRAPH.node) continue;
    const node = fieldsOf(field.payload);
    for (const { payload } of node.filter(({ number }) => number === NODE.input)) {
      const name = utf8(payload);
      uses.set(name, (uses.get(name) ?? 0) + 1);
    }
    const input = text(node, NODE.input);
    if (text(node, NODE.type) !== "Cast" || !halves.has(input)) continue;
    casts.push({ field, input, output: text(node, NODE.output) });
  }
  const alone = casts.filter(({ input }) => uses.get(input) === 1);
  return {
    names: new Map(alone.map(({ input, output }) => [input, output])),
    drops: new Set(alone.map(({ field }) => field)),
  };
}

function externalise(field: Field, { names }: Widened, blob: Blob): Uint8Array {
  const tensor = fieldsOf(field.payload);
  const name = text(tensor, TENSOR.name);
  const type = integer(tensor, TENSOR.type);
  const raw = tensor.find(({ number }) => number === TENSOR.raw)?.payload;
  const wide = names.get(name);
  if (!raw || (type !== FLOAT32 && wide === undefined)) return field.bytes;
  if (wide === undefined && raw.length < MIN_BYTES) return field.bytes;
  const values = wide === undefined ? raw : widen(raw);
  const { offset, length } = blob.add(values);
  const external = message((writer) => {
    for (const { number, bytes } of tensor) if (number === TENSOR.dims) writer.raw(bytes);
    writer.tag(TENSOR.type, WireType.Varint).int32(FLOAT32);
    writer.tag(TENSOR.name, WireType.LengthDelimited).string(wide ?? name);
    for (const [key, value] of Object.entries({ location: WEIGHTS_PATH, offset, length })) {
      writer.raw(delimited(TENSOR.external, entry(key, String(value))));
    }
    writer.tag(TENSOR.location, WireType.Varint).int32(EXTERNAL);
  });
  return delimited(GRAPH.initializer, external);
}

function entry(key: string, value: string): Uint8Array {
  return message((writer) => {
    writer.tag(ENTRY.key, WireType.LengthDelimited).string(key);
    writer.tag(ENTRY.value, WireType.LengthDelimited).string(value);
  });
}

function widen(raw: Uint8Array): Uint8Array {
  return new Uint8Array(fromHalves(new Uint16Array(raw.slice().buffer)).buffer);
}

/** Concatenates weights into one file. */
class Blob {
  private readonly parts: { offset: number; values: Uint8Array }[] = [];
  private end = 0;

  add(values: Uint8Array): { offset: number; length: number } {
    const offset = Math.ceil(this.end / ALIGNMENT) * ALIGNMENT;
    this.parts.push({ offset, values });
    this.end = offset + values.length;
    return { offset, length: values.length };
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.end);
    for (const { offset, values } of this.parts) all.set(values, offset);
    return all;
  }
}

interface Field {
  readonly number: number;
  /** As in the file, including the tag. */
  readonly bytes: Uint8Array;
  /** What follows the tag and, if there is one, the length. */
  readonly payload: Uint8Array;
}

function fieldsOf(message: Uint8Array): Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    const content = reader.pos;
    const delimited = type === WireType.LengthDelimited ? reader.bytes() : undefined;
    if (!delimited) reader.skip(type, number);
    const payload = delimited ?? message.subarray(content, reader.pos);
    fields.push({ number, payload, bytes: message.subarray(start, reader.pos) });
  }
  return fields;
}

function text(fields: readonly Field[], number: number): string {
  return utf8(fields.find((field) => field.number === number)?.payload);
}

function utf8(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

function integer(fields: readonly Field[], number: number): number {
  const field = fields.find((candidate) => candidate.number === number);
  return field ? new BinaryReader(field.payload).int32() : 0;
}

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

function delimited(number: number, payload: Uint8Array): Uint8Array {
  return message((writer) => writer.tag(number, WireType.LengthDelimited).bytes(payload));
}
