import type { CocoRle, Colour, Extent, Layout, Logits, MaskMeasures } from "../../codec/index.ts";
import type { Outcome } from "../engine/types.ts";

/** A photograph that can be masked. */
export interface Opened {
  /** The file as the engine reads it: another one where only the browser can read its type. */
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
  /** 0 is where object begins. */
  readonly logits: Logits;
}

/** Files of one photograph. */
export type PictureForm = "cutout" | "mask" | "binary";

/** How the pictures of a studio set look. */
export interface StudioSettings extends Layout {
  /** Undefined is transparent. */
  readonly backdrop?: Colour | undefined;
  readonly shadow: boolean;
}

/** What the thread for pictures does. */
export interface PicturesThread {
  open(file: Blob): Promise<Outcome<Opened>>;
  /** A small picture of a photograph, its longer side at most `side` pixels. */
  thumbnail(file: Blob, side: number): Promise<Outcome<Blob>>;
  render(form: PictureForm, file: Blob, mask: MaskToRender): Promise<Outcome<Blob>>;
  rle(mask: MaskToRender): Promise<MaskMeasures & { readonly rle: CocoRle }>;
  polygons(mask: MaskToRender): Promise<number[][]>;
  measure(mask: MaskToRender): Promise<MaskMeasures>;
  /** @param extent of the set, whose objects keep their sizes to each other */
  studio(
    file: Blob,
    mask: MaskToRender,
    settings: StudioSettings,
    extent: Extent | undefined,
  ): Promise<Outcome<Blob>>;
}
