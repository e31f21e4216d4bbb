// `npm run bench:codec:pieces [-- SIDE]`: for how long a mask's file keeps a host's only thread, at most.
// Masks of SIDE x SIDE pixels (4096 if none is given) are written as a Worker writes them, with a pause
// between two pieces. Processor time of this thread, so that other programs do not count.
import {
  binaryPng,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskSvg,
  maskWebp,
  type Pause,
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

/** Of this thread, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function measure(write: (typeof WRITERS)[keyof typeof WRITERS], record: MaskRecord) {
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
  await write(record, { pause });
  end();
  return { longest, total };
}

console.log(`${machine()}\n\n${side} x ${side}, milliseconds of processor time\n`);
console.log(`${"".padEnd(28)} longest piece     total`);
for (const [name, logit] of Object.entries(MASKS)) {
  const data = Float32Array.from({ length: GRID * GRID }, (_, i) =>
    logit(i % GRID, Math.floor(i / GRID)),
  );
  const logits = { width: GRID, height: GRID, data };
  const record = { width: side, height: side, logits };
  for (const [file, write] of Object.entries(WRITERS)) {
    await measure(write, record); // compiled
    const { longest, total } = await measure(write, record);
    const figures = [longest.toFixed(1).padStart(14), total.toFixed(0).padStart(10)];
    console.log(`${`${name}, ${file}`.padEnd(28)}${figures.join("")}`);
  }
}
