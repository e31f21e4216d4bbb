import { describe, expect, it } from "vitest";
import bowls from "../../examples/raccoons/at-two-bowls.jpg";
import bin from "../../examples/raccoons/on-a-bin.jpg";
import cat from "../../examples/raccoons/with-a-cat.jpg";
import { workerdDecoder } from "../../src/codec/workerd.ts";
import { group } from "../responses.ts";
import { loadWorker, post, request } from "./client.ts";

loadWorker();

const [WIDTH, HEIGHT] = [200, 160];
/** 10 % of the shorter side. */
const MARGIN = 16;
const BACKGROUND = [0x33, 0x66, 0x99, 255];

async function studio(scale: "set" | "each") {
  const query = `canvas=${WIDTH}x${HEIGHT}&margin=10%25&align=bottom&background=%23336699&scale=${scale}`;
  const { images } = await group(
    await post(
      [
        ["bin.jpg", bin],
        ["bowls.jpg", bowls],
        ["cat.jpg", cat],
      ],
      `?output=cutout&${query}`,
    ),
  );
  return Promise.all(
    images.map(async ({ cutout }) => {
      const response = await request(cutout!.url);
      expect(response.headers.get("content-type")).toBe("image/png");
      const { width, height, data } = await workerdDecoder().decode(await response.bytes());
      expect([width, height]).toEqual([WIDTH, HEIGHT]);
      return placed(data);
    }),
  );
}

/** Where a picture is not background. */
function placed(data: Uint8Array | Uint8ClampedArray) {
  let [left, top, right, bottom, pixels] = [WIDTH, HEIGHT, 0, 0, 0];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const at = 4 * (y * WIDTH + x);
      if (BACKGROUND.every((value, i) => Math.abs((data[at + i] as number) - value) < 12)) continue;
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
      pixels++;
    }
  }
  return { left, top, right, bottom, pixels };
}

describe("cut-outs on a canvas, from the Worker", () => {
  it("stand on one ground line within the margins, on the background that was asked for", async () => {
    for (const { left, top, right, bottom, pixels } of await studio("each")) {
      expect(pixels).toBeGreaterThan(1000);
      // A soft edge may be lost in the background, or reach a pixel further.
      expect(Math.abs(bottom - (HEIGHT - MARGIN))).toBeLessThanOrEqual(3);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(MARGIN - 2);
      expect(right).toBeLessThanOrEqual(WIDTH - MARGIN + 2);
      expect(Math.abs(left + right - WIDTH)).toBeLessThanOrEqual(8);
      // One of its sides fills the canvas.
      const free = Math.max(
        right - left - (WIDTH - 2 * MARGIN),
        bottom - top - (HEIGHT - 2 * MARGIN),
      );
      expect(free).toBeGreaterThanOrEqual(-6);
    }
  });

  it("keep their sizes to each other where they are scaled as a set", async () => {
    const [set, each] = [await studio("set"), await studio("each")];
    const shares = set.map(({ pixels }, i) => pixels / (each[i]?.pixels ?? 1));
    expect(Math.max(...shares)).toBeCloseTo(1, 1);
    expect(Math.min(...shares)).toBeLessThan(0.9);
  });
});
