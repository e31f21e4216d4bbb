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
}

/**
 * The marks that `--seed`, `--box` and `--seed-mask` name on a set's photographs.
 *
 * @throws UsageError for a mark that cannot be read, or names a photograph that is not in the set
 */
export function readMarks(
  { seed = [], box = [], seedMask = [] }: MarkArguments,
  photographs: readonly NamedPhotograph[],
): Mark[] {
  const find = (name: string): NamedPhotograph => {
    const found = photographs.find(
      (photograph) => photograph.name === name || photograph.path === name,
    );
    if (found !== undefined) return found;
    const names = photographs.slice(0, 5).map((photograph) => photograph.name);
    throw new UsageError(`No photograph is called ${name}. The set has ${names.join(", ")} ...`);
  };
  const numbers = (text: string, count: number, option: string, example: string) => {
    const match = /^(.+):([\d,]+)$/.exec(text);
    const values = match?.[2]?.split(",").map(Number) ?? [];
    if (match?.[1] === undefined || values.length !== count) {
      throw new UsageError(`Expected ${option} ${example} but received ${text}`);
    }
    return { photograph: find(match[1]), values };
  };
  return [
    ...seed.map((text): Mark => {
      const { photograph, values } = numbers(text, 2, "--seed", "photo.jpg:X,Y");
      return { photograph, point: values as unknown as [number, number] };
    }),
    ...box.map((text): Mark => {
      const { photograph, values } = numbers(text, 4, "--box", "photo.jpg:X,Y,WIDTH,HEIGHT");
      return { photograph, box: values as unknown as [number, number, number, number] };
    }),
    ...seedMask.map((text): Mark => {
      const at = text.indexOf("=");
      if (at < 1)
        throw new UsageError(`Expected --seed-mask photo.jpg=mask.png but received ${text}`);
      return { photograph: find(text.slice(0, at)), maskPath: text.slice(at + 1) };
    }),
  ];
}
