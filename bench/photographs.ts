import { readFile } from "node:fs/promises";
import encodeJpeg, { init as initJpeg } from "@jsquash/jpeg/encode.js";

/** A JPEG of that size with the detail of a photograph: about 0.25 byte per pixel. */
export async function syntheticPhotograph(
  width: number,
  height: number,
  seed: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8ClampedArray(4 * width * height);
  const waves = Array.from({ length: 24 }, (_, i) => ({
    x: (Math.sin(seed * 12.9898 + i * 78.233) * 43758.5453) % 0.2,
    y: (Math.sin(seed * 39.3468 + i * 11.135) * 24634.6345) % 0.2,
    strength: 60 / (1 + i),
  }));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      let value = 128;
      for (const wave of waves) value += wave.strength * Math.sin(x * wave.x + y * wave.y);
      data.set([value, 0.8 * value + 20, 255 - value, 255], at);
    }
  }
  await ready();
  return new Uint8Array(
    await encodeJpeg({ data, width, height, colorSpace: "srgb" } as ImageData, {
      quality: 88,
      progressive: false,
    }),
  );
}

let initialised: Promise<void> | undefined;

function ready(): Promise<void> {
  initialised ??= (async () => {
    const url = new URL(import.meta.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm"));
    const wasm = await WebAssembly.compile(await readFile(url));
    await (initJpeg as (module: WebAssembly.Module) => Promise<void>)(wasm);
  })();
  return initialised;
}
