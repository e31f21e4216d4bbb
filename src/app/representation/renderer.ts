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

/** The inputs for rendering a file: plain values that can be sent to a thread. */
export interface RenderTask {
  readonly variant: Variant;
  /** The mask record (`encodeLogits`). */
  readonly record: Bytes;
  /** The photograph's file, for cut-outs and overlays. */
  readonly photograph?: Bytes;
  /** The file of a studio picture's background. */
  readonly background?: Bytes;
}

/** The caller of a piece of work. */
export interface Requester {
  /** The tenant or, without tenants, the network. Resources are shared fairly among callers. */
  readonly caller: string;
  /** Aborts when the result is no longer needed. */
  readonly signal: AbortSignal;
  /** Whether no client waits for the result. Work that a client waits for goes first. */
  readonly isBackground?: boolean;
}

/** @throws CosalError image_*, not_found for a format without an encoder on this host */
export type Render = (task: RenderTask, requester: Requester) => Promise<Bytes>;

export interface RenderParts {
  readonly decoder: Pick<Decoder, "decode">;
  /** Encodes cut-outs and overlays as WebP. Without it, they are PNG only. */
  readonly webp?: WebpEncoder | undefined;
  /** Awaited between two pieces of a file, for hosts with one thread. */
  readonly pause?: Pause;
}

/** Renders files in the current thread. */
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
      throw new CosalError(
        "not_found",
        "This deployment writes cut-outs and overlays as PNG only.",
      );
    }
    const options = { ...paced, ...(encoder && { webp: encoder }) };
    if (look !== undefined) return studio(photograph, record, { ...options, ...look, backdrop });
    return (kind === "cutouts" ? cutout : overlay)(photograph, record, options);
  }

  /** Runs before the photograph is decoded, so that not both are in memory at full size. */
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
