import type { Box, CocoRle, Extent } from "../../codec/index.ts";
import type { Detail } from "../../engine/index.ts";
import type { ErrorCode, ImageReference } from "../../errors.ts";
import type { FormName } from "../output/forms.ts";
import type { StudioSettings } from "../studio/settings.ts";
import type { RuntimeName } from "./runtime-name.ts";

/** What every thread is told once. */
export interface ThreadData {
  readonly runtime: RuntimeName;
  readonly detail: Detail;
  /** Folder of the features that threads share. */
  readonly features: string;
}

/** A photograph as a thread is given it. */
export interface ImageTask {
  readonly name: string;
  readonly path: string;
  /** The file's SHA-256, hex, where it is known: features that are there need no other look at the file. */
  readonly digest?: string | undefined;
}

export interface SeedTask {
  /** Place among the images. */
  readonly image: number;
  readonly point?: readonly [number, number];
  readonly box?: Box;
  /** A picture's file; white is object. */
  readonly mask?: Uint8Array;
  /** Marks what is not meant. */
  readonly negative?: boolean;
}

/** What a format needs of each mask beside its files. */
export type Annotation = "rle" | "rows" | "polygons" | "object";

/** What is to be made of a mask. */
export interface RenderTask {
  readonly files: readonly { readonly form: FormName; readonly path: string }[];
  readonly threshold: number;
  /** What formats of whole sets need of each mask. */
  readonly annotations: readonly Annotation[];
}

/** The picture of a studio set that is to be made of a photograph. */
export interface StudioTask {
  /** File of the mask's logits. */
  readonly logits: string;
  /** File that the picture is written to. */
  readonly path: string;
  readonly settings: StudioSettings;
  /** Of the set, whose objects keep their sizes to each other. */
  readonly extent: Extent | undefined;
}

export type Task =
  /** Runs the encoder, and keeps the features for the other threads; answers with the SHA-256. */
  | { readonly type: "encode"; readonly image: ImageTask }
  /** What images have in common; answers with the consensus file. */
  | {
      readonly type: "consensus";
      readonly images: readonly ImageTask[];
      readonly seeds: readonly SeedTask[];
    }
  /** A mask with a consensus file, and its files. */
  | {
      readonly type: "mask";
      readonly image: ImageTask;
      readonly consensus: Uint8Array;
      readonly render: RenderTask;
    }
  /** The files of a mask that a service has computed. */
  | {
      readonly type: "render";
      readonly image: ImageTask;
      readonly logits: Uint8Array;
      readonly render: RenderTask;
    }
  | { readonly type: "studio"; readonly image: ImageTask; readonly studio: StudioTask };

/** What is known of a mask, at the threshold, once its files are written. */
export interface MaskFacts {
  readonly width: number;
  readonly height: number;
  readonly coverage: number;
  readonly box: Box | null;
  /** Undefined where a service has told it already. */
  readonly presence?: number;
  /** The intersection over union that can be expected, where the model tells it. */
  readonly confidence?: number | undefined;
  /** Box of mask >= 0.5, whatever the threshold is. */
  readonly object?: Box | null;
  readonly rle?: CocoRle;
  /** Runs along the rows of the box. */
  readonly rows?: readonly number[];
  readonly polygons?: readonly (readonly number[])[];
}

export interface TaskError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Which photograph it is about, if it is about one. */
  readonly image?: ImageReference;
}

/** Errors lose their class on the way between threads, so they travel as values. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: TaskError };
