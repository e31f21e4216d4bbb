import type { Page } from "playwright-core";

interface Drawing {
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Photographs that are drawn on the page, as large as wanted: the samples, each enlarged and turned
 * towards another hue, so that no two are the same.
 *
 * @returns drops them
 */
export async function drawn(page: Page, drawing: Drawing): Promise<() => Promise<void>> {
  const files = await page.evaluateHandle(async ({ count, width, height }) => {
    const names = ["on-a-rock", "by-a-hedge", "in-a-wooden-box", "on-a-waste-bin"];
    const samples = await Promise.all(
      names.map(async (name) => {
        const response = await fetch(`playground/samples/cats/${name}.jpg`);
        return createImageBitmap(await response.blob());
      }),
    );
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    const transfer = new DataTransfer();
    for (let i = 0; i < count; i++) {
      context.filter = `hue-rotate(${(i * 37) % 360}deg)`;
      context.drawImage(samples[i % samples.length] as ImageBitmap, 0, 0, width, height);
      context.filter = "none";
      context.fillRect(i, 0, 1, 1);
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
      transfer.items.add(new File([blob], `drawn-${i}.jpg`, { type: "image/jpeg" }));
    }
    return transfer;
  }, drawing);
  return () =>
    page.evaluate((dataTransfer) => {
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }, files);
}
