// `npm run bench:edge:load [-- REQUESTS]`: that load leaves nothing behind. First 30 equal requests at
// once, of which one may compute; then as many different small ones as said, one after another, with
// the isolate's memory after every tenth of them, in MiB, garbage collected.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fresh } from "../../test/photographs.ts";
import { machine } from "../machine.ts";
import { MEMORY_HEAD, memoryRow, startWorker } from "./isolate.ts";

const [requests = 1000] = process.argv.slice(2).map(Number);
const TOGETHER = 30;
const FIXTURES = join(import.meta.dirname, "../../test/fixtures/images");
const photograph = Uint8Array.from(await readFile(join(FIXTURES, "progressive.jpg"))).buffer;
const worker = await startWorker();

async function post(tail: string): Promise<string> {
  const form = new FormData();
  form.append("image", new File([fresh(photograph, tail)], "image.jpg"));
  const response = await fetch(`${worker.origin}/v1/groups`, { method: "POST", body: form });
  const body = (await response.json()) as { cache?: string };
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(body)}`);
  return body.cache ?? "";
}

console.log(machine());
await post("warm-up");
const answers = await Promise.all(Array.from({ length: TOGETHER }, () => post("together")));
const told = Object.entries(Object.groupBy(answers, (cache) => cache))
  .map(([cache, all]) => `${all?.length} ${cache}`)
  .join(", ");
console.log(`\n${TOGETHER} equal requests at once: ${told}`);
console.log(`\n${requests} different requests, one after another\n\n    done${MEMORY_HEAD}`);
for (let done = 0; done <= requests; done++) {
  if (done % Math.ceil(requests / 10) === 0) {
    console.log(`${String(done).padStart(8)}${memoryRow(await worker.sample(true))}`);
  }
  if (done < requests) await post(`distinct ${done}`);
}
await worker.stop();
