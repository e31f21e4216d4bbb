import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

/** What Chromium makes of a file. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** RGBA, upright, without colour conversion. */
  readonly data: Uint8Array;
}

/** Chromium's own decoders, as `createImageBitmap` uses them: undefined for what it rejects. */
export class ChromiumDecoder implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  static async open(): Promise<ChromiumDecoder> {
    if (CHROMIUM === undefined) throw new Error("no Chromium: scripts/install-chromium.sh");
    // As root Chromium runs only without its sandbox.
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    return new ChromiumDecoder(browser, await browser.newPage());
  }

  async decode(files: readonly Uint8Array[]): Promise<(Shown | undefined)[]> {
    const texts = files.map((file) => Buffer.from(file).toString("base64"));
    const answers = await this.#page.evaluate(showAll, texts);
    return answers.map(
      (answer) => answer && { ...answer, data: Buffer.from(answer.data, "base64") },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Runs in the page. */
async function showAll(texts: readonly string[]) {
  const show = async (text: string) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    try {
      const bitmap = await createImageBitmap(new Blob([bytes]), {
        colorSpaceConversion: "none",
        premultiplyAlpha: "none",
      });
      const { width, height } = bitmap;
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      const { data } = context.getImageData(0, 0, width, height);
      let binary = "";
      for (let i = 0; i < data.length; i += 32_768) {
        binary += String.fromCharCode(...data.subarray(i, i + 32_768));
      }
      return { width, height, data: btoa(binary) };
    } catch {
      return undefined;
    }
  };
  return Promise.all(texts.map(show));
}
