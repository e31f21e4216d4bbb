import {
  type Backdrop,
  binaryPng,
  type Colour,
  cutout,
  type Decoder,
  decodeLogits,
  fittedBackdrop,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskSvg,
  maskWebp,
  overlay,
  type Pause,
  type Pixels,
  studio,
  type WebpEncoder,
} from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { sized, type Variant } from "./variants.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** All that a file is made of: plain values, fit to be sent to a thread. */
export interface RenderTask {
  readonly variant: Variant;
  /** `encodeLogits` of what was found in the photograph. */
  readonly record: Bytes;
  /** The photograph's file, for cut-outs and overlays. */
  readonly photograph?: Bytes;
  /** The file of what a studio picture has behind its object. */
  readonly background?: Bytes;
}

/** For whom something is done. */
export interface Requester {
  /** A tenant, or an address where there are none: work is shared out among these. */
  readonly caller: string;
  /** Aborts when nobody waits for it any more. */
  readonly signal: AbortSignal;
  /** Nobody waits for it: what somebody waits for goes first. */
  readonly isBackground?: boolean;
}

/** @throws CosalError image_*, not_found for a form that the host has no encoder of */
export type Render = (task: RenderTask, requester: Requester) => Promise<Bytes>;

export interface RenderParts {
  readonly decoder: Pick<Decoder, "decode">;
  /** Writes cut-outs and overlays as WebP; without it they are PNG only. */
  readonly webp?: WebpEncoder | undefined;
  /** For a host with one thread: awaited between two pieces of a file. */
  readonly pause?: Pause;
}

/** Makes files where it is called. */
export function renderer({ decoder, webp, pause }: RenderParts) {
  const paced = pause && { pause };

  async function maskFile(record: MaskRecord, { suffix, threshold }: Variant): Promise<Bytes> {
    switch (suffix) {
      case "png":
        return maskPng(record, paced);
      case "webp":
        return maskWebp(record, paced);
      case "binary.png":
        return binaryPng(record, { threshold, ...paced });
      case "rle.json":
        return text(JSON.stringify(await maskRle(record, { threshold, ...paced })));
      case "polygons.json":
        return text(JSON.stringify(await maskPolygons(record, { threshold, ...paced })));
      case "svg":
        return text(await maskSvg(record, { threshold, ...paced }));
      case "logits":
        throw new Error("a record is not rendered");
    }
  }

  async function picture(
    photograph: Pixels,
    record: MaskRecord,
    { kind, suffix, studio: look }: Variant,
    backdrop: Backdrop | undefined,
  ): Promise<Bytes> {
    const encoder = suffix === "webp" ? webp : undefined;
    if (suffix === "webp" && encoder === undefined) {
      throw new CosalError("not_found", "Pictures are written as PNG only here.");
    }
    const options = { ...paced, ...(encoder && { webp: encoder }) };
    if (look !== undefined) return studio(photograph, record, { ...options, ...look, backdrop });
    return (kind === "cutouts" ? cutout : overlay)(photograph, record, options);
  }

  /** Before the photograph is decoded, so that both are not in memory at their full sizes. */
  async function backdropOf({ studio: look }: Variant, file: Bytes | undefined) {
    const colour = look?.background;
    if (look === undefined || typeof colour !== "string") return colour as Colour | undefined;
    return file && fittedBackdrop(await decoder.decode(file), look.canvas);
  }

  return async function render({
    variant,
    record,
    photograph,
    background,
  }: RenderTask): Promise<Bytes> {
    const decoded = await decodeLogits(record);
    if (photograph === undefined) {
      return maskFile(sized(decoded, variant), variant);
    }
    const backdrop = await backdropOf(variant, background);
    return picture(await decoder.decode(photograph), decoded, variant, backdrop);
  };
}

function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}
