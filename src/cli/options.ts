import type { Argv } from "yargs";
import { RUNTIMES } from "./engine/runtime-name.ts";

// Options that several commands share.

export const photographs = <T>(args: Argv<T>) =>
  args.positional("paths", {
    type: "string",
    array: true,
    demandOption: true,
    describe: "folders or files",
  });

export const runtimeOption = <T>(args: Argv<T>) =>
  args.option("runtime", {
    choices: RUNTIMES,
    describe: "where the network runs: the fastest there is, unless said",
  });

export const markOptions = <T>(args: Argv<T>) =>
  args
    .option("seed", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "mark the object that is meant: photo.jpg:X,Y",
    })
    .option("box", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "mark it with a box: photo.jpg:X,Y,WIDTH,HEIGHT",
    })
    .option("seed-mask", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "mark it with a mask: photo.jpg=mask.png",
    })
    .option("not", {
      type: "string",
      array: true,
      requiresArg: true,
      describe: "mark what is not meant, in any of these forms; a box or a mask is best",
    });

export const maskOptions = <T>(args: Argv<T>) =>
  runtimeOption(args)
    .option("out", {
      alias: "o",
      type: "string",
      default: "masks",
      describe: "folder that the masks are written to",
    })
    .option("format", {
      alias: "f",
      type: "string",
      array: true,
      requiresArg: true,
      describe:
        "png (unless said), webp, binary, stored, rle, polygons, svg, logits, cutout, overlay; of the set: studio, coco, yolo, colmap, nerfstudio, labelme, cvat, label-studio; several at once",
    })
    .option("label", {
      type: "string",
      requiresArg: true,
      describe: "what coco, yolo and others call the object; the folder's name unless said",
    })
    .option("detail", {
      choices: ["normal", "high"] as const,
      default: "normal" as const,
      describe: "high: look at each photograph twice, for finer outlines, at about twice the time",
    })
    .option("threshold", {
      type: "number",
      default: 0.5,
      describe: "where object begins in binary, rle, polygons and svg",
    })
    .option("recursive", {
      alias: "r",
      type: "boolean",
      default: false,
      describe: "every folder below is a set of its own",
    })
    .option("force", { type: "boolean", default: false, describe: "make again what is there" })
    .option("strict", {
      type: "boolean",
      default: false,
      describe: "exit with 3 where a photograph does not seem to show the object",
    })
    .option("contact-sheet", {
      type: "boolean",
      default: false,
      describe: "all photographs with their masks on one page, HTML and PNG",
    })
    .option("json", {
      type: "boolean",
      default: false,
      describe: "a line of JSON for each photograph on stdout",
    })
    .option("quiet", { alias: "q", type: "boolean", default: false, describe: "say nothing" });

export const serverOptions = <T>(args: Argv<T>) =>
  args
    .option("server", {
      type: "string",
      describe: "compute at a service instead (COSAL_SERVER)",
      requiresArg: true,
    })
    .option("key", {
      type: "string",
      describe: "the service's key (COSAL_KEY)",
      requiresArg: true,
    });

/** Where a service is, and with which key: options go before the environment. */
export function serverOf({
  server,
  key,
}: {
  readonly server?: string | undefined;
  readonly key?: string | undefined;
}) {
  return { server: server ?? process.env.COSAL_SERVER, key: key ?? process.env.COSAL_KEY };
}

/** Any of them asks for the format `studio`. */
export const studioOptions = <T>(args: Argv<T>) =>
  args
    .option("canvas", {
      type: "string",
      requiresArg: true,
      describe: "size of a studio picture, 1200x1200 unless said",
    })
    .option("margin", {
      type: "string",
      requiresArg: true,
      describe: "free on each side, a share of the canvas' shorter side, 8% unless said",
    })
    .option("align", {
      choices: ["center", "bottom"] as const,
      describe: "objects in the middle (unless said), or all on one ground line",
    })
    .option("scale", {
      choices: ["set", "each"] as const,
      describe:
        "set (unless said): objects keep their sizes to each other; each: every one fills its canvas",
    })
    .option("background", {
      type: "string",
      requiresArg: true,
      describe: "'#ffffff', transparent (unless said), or a picture file",
    })
    .option("shadow", { type: "boolean", describe: "a soft shadow where the object stands" })
    .group(
      ["canvas", "margin", "align", "scale", "background", "shadow"],
      "Studio sets (-f studio):",
    );
