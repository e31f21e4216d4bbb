import {
  asStored,
  binaryPng,
  cutout,
  encodeLogits,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskSvg,
  maskWebp,
  type Orientation,
  overlay,
  type Pixels,
} from "../../codec/index.ts";

/** What is rendered of one photograph. */
export interface Rendering {
  readonly record: MaskRecord;
  /** The upright photograph; read when a form needs it. */
  readonly pixels: () => Promise<Pixels>;
  /** Of the photograph's file: how its pixels are turned upright. */
  readonly orientation: () => Promise<Orientation>;
  readonly threshold: number;
}

interface Form {
  /** What is put behind a photograph's stem. */
  readonly suffix: string;
  readonly render: (rendering: Rendering) => Promise<Uint8Array | string>;
}

/** Files of single photographs, by the name that `--format` knows. */
export const FORMS = {
  png: { suffix: ".png", render: ({ record }) => maskPng(record) },
  webp: { suffix: ".webp", render: ({ record }) => maskWebp(record) },
  binary: {
    suffix: ".binary.png",
    render: ({ record, threshold }) => binaryPng(record, { threshold }),
  },
  /** `binary` of the pixels as they are stored, for programs that do not turn photographs upright. */
  stored: {
    suffix: ".stored.png",
    render: async ({ record, orientation, threshold }) =>
      binaryPng(asStored(record, await orientation()), { threshold }),
  },
  rle: {
    suffix: ".rle.json",
    render: async ({ record, threshold }) => JSON.stringify(await maskRle(record, { threshold })),
  },
  polygons: {
    suffix: ".polygons.json",
    render: async ({ record, threshold }) =>
      JSON.stringify(await maskPolygons(record, { threshold })),
  },
  svg: {
    suffix: ".svg",
    render: async ({ record, threshold }) => maskSvg(record, { threshold }),
  },
  logits: { suffix: ".logits", render: ({ record }) => encodeLogits(record) },
  cutout: {
    suffix: ".cutout.png",
    render: async ({ record, pixels }) => cutout(await pixels(), record),
  },
  overlay: {
    suffix: ".overlay.png",
    render: async ({ record, pixels }) => overlay(await pixels(), record),
  },
} as const satisfies Record<string, Form>;

export type FormName = keyof typeof FORMS;
