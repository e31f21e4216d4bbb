import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { processorTime } from "./stages.ts";

const VERSION = "1.4.5";

export interface Imgly {
  readonly name: string;
  /** Masks one photograph: milliseconds of processor time. */
  run(photograph: Uint8Array): Promise<number>;
  close(): void;
}

interface Package {
  segmentForeground(image: Blob, options: { model: string; publicPath: string }): Promise<Blob>;
}

/**
 * @imgly/background-removal-node with its default model, which lies in the package. Its licence
 * (AGPL) keeps it out of this project's dependencies, so it is installed for one measurement. Its
 * sharp 0.32 would download at installation; 0.33 brings its binary.
 */
export async function openImgly(): Promise<Imgly> {
  const folder = mkdtempSync(join(tmpdir(), "cosal-imgly-"));
  const project = { private: true, overrides: { sharp: "0.33.5" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(project));
  const specifier = `@imgly/background-removal-node@${VERSION}`;
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", specifier], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const require = createRequire(join(folder, "package.json"));
  const { segmentForeground } = require("@imgly/background-removal-node") as Package;
  // By default it looks for its model below the working directory.
  const model = join(folder, "node_modules", "@imgly", "background-removal-node", "dist");
  const options = { model: "medium", publicPath: `${pathToFileURL(model)}/` };
  return {
    name: specifier,
    async run(photograph) {
      const image = new Blob([photograph as Uint8Array<ArrayBuffer>], { type: "image/jpeg" });
      const start = processorTime();
      await segmentForeground(image, options);
      return processorTime() - start;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
