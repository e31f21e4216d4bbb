import { readFile } from "node:fs/promises";
import { nodeDecoder } from "../codec/node.ts";
import { CosalError } from "../errors.ts";
import type { NamedPhotograph } from "./output/names.ts";
import type { Mark } from "./sources/source.ts";
import { UsageError } from "./usage-error.ts";

export interface MarkArguments {
  /** `photo.jpg:120,80` */
  readonly seed?: readonly string[] | undefined;
  /** `photo.jpg:10,20,200,150` */
  readonly box?: readonly string[] | undefined;
  /** `photo.jpg=mask.png` */
  readonly seedMask?: readonly string[] | undefined;
  /** Any of these forms. */
  readonly not?: readonly string[] | undefined;
}

/**
 * The marks that `--seed`, `--box`, `--seed-mask` and `--not` make on a set's photographs.
 *
 * @throws UsageError for a mark or a mask's file that cannot be read, or a photograph that is not in the set
 */
export async function readMarks(
  { seed = [], box = [], seedMask = [], not = [] }: MarkArguments,
  photographs: readonly NamedPhotograph[],
): Promise<Mark[]> {
  const read = async (text: string, option: keyof typeof FORMS): Promise<Mark> => {
    const { forms, expected } = FORMS[option];
    for (const form of forms) {
      const found = form(text);
      if (found === undefined) continue;
      const { name, maskPath, ...mark } = found;
      const photograph = named(name, photographs);
      if (maskPath === undefined) return { photograph, ...mark };
      return { photograph, mask: await readMask(maskPath) };
    }
    throw new UsageError(`Expected ${option} ${expected} but received ${text}`);
  };
  return Promise.all([
    ...seed.map((text) => read(text, "--seed")),
    ...box.map((text) => read(text, "--box")),
    ...seedMask.map((text) => read(text, "--seed-mask")),
    ...not.map(async (text): Promise<Mark> => ({ ...(await read(text, "--not")), negative: true })),
  ]);
}

/** @throws UsageError where it is no picture that can be read */
async function readMask(path: string): Promise<Uint8Array> {
  const file = await readFile(path).catch(() => undefined);
  if (file === undefined) throw new UsageError(`There is no file ${path}.`);
  const bytes = new Uint8Array(file);
  try {
    nodeDecoder().inspect(bytes);
  } catch (error) {
    if (!(error instanceof CosalError)) throw error;
    throw new UsageError(`${path} is no mask. ${error.message}`);
  }
  return bytes;
}

/** Reads a mark in one form. Undefined if the text has another. */
type Form = (
  text: string,
) =>
  | (Pick<Mark, "point" | "box"> & { readonly name: string; readonly maskPath?: string })
  | undefined;

const point: Form = (text) => {
  const [, name, x, y] = /^(.+):(\d+),(\d+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { name, point: [Number(x), Number(y)] };
};

const rectangle: Form = (text) => {
  const [, name, ...sides] = /^(.+):(\d+),(\d+),(\d+),(\d+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  return { name, box: sides.map(Number) as [number, number, number, number] };
};

const mask: Form = (text) => {
  const at = text.indexOf("=");
  return at < 1 ? undefined : { name: text.slice(0, at), maskPath: text.slice(at + 1) };
};

const FORMS = {
  "--seed": { forms: [point], expected: "photo.jpg:X,Y" },
  "--box": { forms: [rectangle], expected: "photo.jpg:X,Y,WIDTH,HEIGHT" },
  "--seed-mask": { forms: [mask], expected: "photo.jpg=mask.png" },
  "--not": {
    forms: [point, rectangle, mask],
    expected: "photo.jpg:X,Y or photo.jpg:X,Y,WIDTH,HEIGHT or photo.jpg=mask.png",
  },
} satisfies Record<string, { readonly forms: readonly Form[]; readonly expected: string }>;

function named(name: string, photographs: readonly NamedPhotograph[]): NamedPhotograph {
  const found = photographs.find(
    (photograph) => photograph.name === name || photograph.path === name,
  );
  if (found !== undefined) return found;
  const names = photographs.slice(0, 5).map((photograph) => photograph.name);
  throw new UsageError(`No photograph is called ${name}. The set has ${names.join(", ")} ...`);
}
