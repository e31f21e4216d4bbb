interface Outlined {
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** `x, y, x, y, ...` in pixels for each part of the object. */
  readonly polygons?: readonly (readonly number[])[];
}

/**
 * A label file for YOLO segmentation: a line `0 x y x y ...` (shares of the photograph's sides) for
 * each part of the object (https://docs.ultralytics.com/datasets/segment/).
 */
export function yoloLabels({ width, height, polygons = [] }: Outlined): string {
  const lines = polygons.map((polygon) => {
    const shares = polygon.map((value, i) => (value / (i % 2 === 0 ? width : height)).toFixed(6));
    return `0 ${shares.join(" ")}\n`;
  });
  return lines.join("");
}

/** `data.yaml` beside the folders `images` and `labels`. */
export function yoloData(label: string): string {
  return `train: images\nval: images\nnames:\n  0: ${JSON.stringify(label)}\n`;
}
