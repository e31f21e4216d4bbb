import { readFileSync } from "node:fs";

/** Small, as software WebGPU takes half a minute for each photograph. */
const GROUPS = {
  cats: ["by-a-hedge.jpg", "on-a-rock.jpg"],
  shoes: ["blue-sandals.jpg", "red-trainers.jpg"],
};

const EXAMPLES = new URL("../../examples/", import.meta.url);

/** Each group's photographs, in base64. */
export const groups: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(GROUPS).map(([name, files]) => [
    name,
    files.map((file) => readFileSync(new URL(`${name}/${file}`, EXAMPLES)).toString("base64")),
  ]),
);
