import type { Annotation } from "../engine/task.ts";
import type { FormName } from "../output/forms.ts";
import type { MaskEntry } from "../output/journal.ts";
import type { NamedPhotograph } from "../output/names.ts";

/** A mask of a finished set with the photograph that it is of. */
export interface FinishedMask {
  readonly photograph: NamedPhotograph;
  readonly entry: MaskEntry;
}

export interface WholeSet {
  /** The set's folder: what a format writes lies below it. */
  readonly folder: string;
  /** What the object is called. */
  readonly label: string;
  /** Every mask, read from the disk as it is asked for. */
  readonly masks: () => AsyncIterable<FinishedMask>;
}

/** One of `--format`'s names: files of single photographs, or a description of the whole set, or both. */
export interface Format {
  readonly annotation?: Annotation;
  /** The file of a photograph, its path below the set's folder with `/` between. */
  readonly file?: {
    readonly form: FormName;
    readonly name: (photograph: NamedPhotograph) => string;
  };
  readonly write?: (set: WholeSet) => Promise<void>;
}
