import type { CocoRle, Colour, Extent, Layout, Logits, MaskMeasures } from "../../codec/index.ts";
import type { Outcome } from "../engine/types.ts";

/** A photograph that can be masked. */
export interface Opened {
  /** The file for the engine. If only the browser can decode the original, this is a JPEG of it. */
  readonly file: Blob;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

export interface MaskToRender {
  readonly width: number;
  readonly height: number;
  /** Positive logits are the object. */
  readonly logits: Logits;
}

/** Files of one photograph. */
export type PictureForm = "cutout" | "mask" | "binary";

/** Options of a studio set. */
export interface StudioSettings extends Layout {
  /** Undefined is transparent. */
  readonly backdrop?: Colour | undefined;
  readonly shadow: boolean;
}

/** Methods of the thread for pictures. */
export interface PicturesThread {
  open(file: Blob): Promise<Outcome<Opened>>;
  /** A thumbnail whose longer side has at most `side` pixels. */
  thumbnail(file: Blob, side: number): Promise<Outcome<Blob>>;
  render(form: PictureForm, file: Blob, mask: MaskToRender): Promise<Outcome<Blob>>;
  rle(mask: MaskToRender): Promise<MaskMeasures & { readonly rle: CocoRle }>;
  polygons(mask: MaskToRender): Promise<number[][]>;
  measure(mask: MaskToRender): Promise<MaskMeasures>;
  /** @param extent of the whole set, so that objects keep their relative sizes */
  studio(
    file: Blob,
    mask: MaskToRender,
    settings: StudioSettings,
    extent: Extent | undefined,
  ): Promise<Outcome<Blob>>;
}
