import type { Image, Options } from "./api.ts";
import type { Http } from "./http.ts";
import type { Attempts } from "./retry.ts";

/** A mask's files: soft (`png`, `webp`), at a threshold (the others), or the logits of all of them. */
export type MaskForm = "png" | "webp" | "binary" | "rle" | "polygons" | "svg" | "logits";

export interface RenderOptions {
  /** Where object begins in `binary`, `rle`, `polygons` and `svg`: between 0 and 1, 0.5 unless said. */
  readonly threshold?: number;
  /** The photograph's size, or the network's. */
  readonly size?: "source" | "model" | `${number}x${number}`;
}

/** How a cut-out stands on a canvas of its own, e.g. `{ canvas: "1200x1200", background: "#fff" }`. */
export type StudioLook = Pick<
  Options,
  "canvas" | "margin" | "align" | "scale" | "background" | "shadow"
>;

const SUFFIX = { binary: "binary.png", rle: "rle.json", polygons: "polygons.json" } as const;

/** A photograph's mask at the service. Its files are fetched when they are asked for. */
export class Mask {
  /** The photograph's name as sent. */
  readonly id: string;
  /** SHA-256 of the photograph's file. */
  readonly sha256: string;
  /** Pixels of the photograph, upright; a mask has the same size. */
  readonly width: number;
  readonly height: number;
  /** Share of the pixels that are object, 0..1. */
  readonly coverage: number;
  /** `[x, y, width, height]` around them in pixels, or null where nothing was found. */
  readonly box: Image["box"];
  /** How sure the network is that the photograph shows the common object, 0..1. */
  readonly presence: number;
  /**
   * The intersection over union with a drawn mask that is to be expected of this one, 0..1. Undefined
   * where the model does not tell.
   */
  readonly confidence: number | undefined;
  /** The address of the soft mask as PNG: signed where the deployment has keys. */
  readonly url: string;
  readonly #size: `${number}x${number}` | undefined;
  readonly #http: Http;
  /** `/v1/groups/{group}`. */
  readonly #path: string;
  readonly #attempts: () => Attempts;

  /** @param size the photograph's own, where a reduced one was sent */
  constructor(
    image: Image,
    http: Http,
    attempts: () => Attempts,
    size?: { readonly width: number; readonly height: number },
  ) {
    this.id = image.id;
    this.sha256 = image.sha256;
    this.width = size?.width ?? image.width;
    this.height = size?.height ?? image.height;
    this.coverage = image.coverage;
    this.box = scaledBox(image, this);
    this.#size = size && `${size.width}x${size.height}`;
    this.presence = image.presence;
    this.confidence = image.confidence;
    this.url = http.address(image.mask.url);
    this.#http = http;
    // A signature in the address is for that file alone; the key, where there is one, is for all.
    this.#path = image.mask.url.replace(/\/masks\/.*$/, "");
    this.#attempts = attempts;
  }

  /** The mask's file in one of its forms. */
  bytes(form: MaskForm = "png", options: RenderOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const size = this.#size === undefined || form === "logits" ? {} : { size: this.#size };
    const suffix = SUFFIX[form as keyof typeof SUFFIX] ?? form;
    return this.#file("masks", suffix, { ...size, ...options });
  }

  /** The object on transparent ground, or on a canvas. Needs the photograph to be stored still (`image_expired`). */
  cutout(form: "png" | "webp" = "png", look: StudioLook = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.#file("cutouts", form, look);
  }

  /** The photograph with the object tinted. Needs the photograph to be stored still. */
  overlay(form: "png" | "webp" = "png"): Promise<Uint8Array<ArrayBuffer>> {
    return this.#file("overlays", form);
  }

  #file(kind: string, suffix: string, options: RenderOptions | StudioLook = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options)) query.set(name, String(value));
    const path = `${this.#path}/${kind}/${this.sha256}.${suffix}`;
    return this.#http.bytes(query.size > 0 ? `${path}?${query}` : path, this.#attempts());
  }
}

/** The same box in pixels of the photograph that was reduced. */
function scaledBox(image: Image, to: { width: number; height: number }): Image["box"] {
  if (image.box === null) return null;
  const [x, y] = [to.width / image.width, to.height / image.height];
  const [left, top, width, height] = image.box;
  const [x0, y0] = [Math.round(left * x), Math.round(top * y)];
  return [x0, y0, Math.round((left + width) * x) - x0, Math.round((top + height) * y) - y0];
}
