// `npm run bench:codec:pieces [-- SIDE]`: for how long a mask's file keeps a host's only thread, at most.
// Masks of SIDE x SIDE pixels (4096 if none is given) are written as a Worker writes them, with a pause
// between two pieces; and pictures of as large a photograph as a Worker has in memory. Processor time of
// this thread, so that other programs do not count.
import {
  binaryPng,
  cutout,
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
} from "../../src/codec/index.ts";
import { machine } from "../machine.ts";

const side = Number(process.argv[2] ?? 4096);
const GRID = 80;

/** Logits by place on the grid: what a network gives, and the worst that there is. */
const MASKS: Readonly<Record<string, (x: number, y: number) => number>> = {
  disc: (x, y) => 6 * (1 - Math.hypot(x - GRID / 2, y - GRID / 2) / (GRID / 3)),
  noise: () => 8 * (Math.random() - 0.5),
  chessboard: (x, y) => ((x + y) % 2 === 0 ? 4 : -4),
  holes: (x, y) => (x % 3 === 1 && y % 3 === 1 ? -5 : 5),
};

const WRITERS = {
  PNG: maskPng,
  "PNG, 1 bit": binaryPng,
  WebP: maskWebp,
  "COCO runs": maskRle,
  "COCO polygons": maskPolygons,
  SVG: maskSvg,
};

/** Pixels that a Worker has of a photograph at most: a JPEG of more is reduced, others are refused. */
const PHOTOGRAPH = { width: 2896, height: 2172 };
const STUDIO = {
  ...{
    canvas: { width: 1200, height: 1200 },
    margin: 0.08,
    align: "bottom" as const,
    shadow: true,
  },
};

const PICTURES = {
  overlay,
  "cut-out": cutout,
  studio: (pixels: Pixels, record: MaskRecord, options: { pause: Pause }) =>
    studio(pixels, record, { ...STUDIO, ...options }),
  "studio, 4096 x 4096": (pixels: Pixels, record: MaskRecord, options: { pause: Pause }) =>
    studio(pixels, record, { ...STUDIO, canvas: { width: 4096, height: 4096 }, ...options }),
};

/** Of this thread, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function measure(write: (options: { pause: Pause }) => Promise<unknown>) {
  let longest = 0;
  let total = 0;
  let began = processorTime();
  const end = () => {
    const piece = processorTime() - began;
    longest = Math.max(longest, piece);
    total += piece;
  };
  const pause: Pause = async () => {
    end();
    await new Promise((resolve) => setTimeout(resolve, 1));
    began = processorTime();
  };
  await write({ pause });
  end();
  return { longest, total };
}

async function row(name: string, write: Parameters<typeof measure>[0]): Promise<void> {
  await measure(write); // compiled
  const { longest, total } = await measure(write);
  const figures = [longest.toFixed(1).padStart(14), total.toFixed(0).padStart(10)];
  console.log(`${name.padEnd(28)}${figures.join("")}`);
}

function recordOf(
  logit: (typeof MASKS)[string],
  size: { readonly width: number; readonly height: number },
  grid: number,
): MaskRecord {
  const scale = GRID / grid;
  const data = Float32Array.from({ length: grid * grid }, (_, i) =>
    logit(scale * (i % grid), scale * Math.floor(i / grid)),
  );
  return { ...size, logits: { width: grid, height: grid, data } };
}

console.log(`${machine()}\n\n${side} x ${side}, milliseconds of processor time\n`);
console.log(`${"".padEnd(28)} longest piece     total`);
for (const [name, logit] of Object.entries(MASKS)) {
  const record = recordOf(logit, { width: side, height: side }, GRID);
  for (const [file, write] of Object.entries(WRITERS)) {
    await row(`${name}, ${file}`, (options) => write(record, options));
  }
}
const { width, height } = PHOTOGRAPH;
console.log(`\npictures of ${width} x ${height}\n`);
const data = new Uint8ClampedArray(4 * width * height);
for (let i = 0; i < data.length; i++) data[i] = i % 4 === 3 ? 255 : (i * 2654435761) >>> 24;
for (const [name, logit] of Object.entries(MASKS)) {
  const record = recordOf(logit, PHOTOGRAPH, 160);
  for (const [picture, write] of Object.entries(PICTURES)) {
    await row(`${name}, ${picture}`, (options) => write({ width, height, data }, record, options));
  }
}
