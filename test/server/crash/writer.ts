// Writes to the stores and journals of the folder in its first argument until it is killed. A line on
// standard output says what has been promised by then, and nothing is said before it is.
import { createHash } from "node:crypto";
import type { JobRequest } from "../../../src/app/index.ts";
import { diskJobs } from "../../../src/server/jobs/disk-jobs.ts";
import { openDataFolder } from "../../../src/server/storage/data-folder.ts";
import { serverStores } from "../../../src/server/storage/stores.ts";
import { type Promised, random, randomBytes } from "./promises.ts";

const [path = "", seed = "1"] = process.argv.slice(2);
const next = random(Number(seed));
const folder = await openDataFolder(path, 64 * 2 ** 20, "");
const { of } = await serverStores({ folder });
const jobs = await diskJobs({
  ...folder.jobs,
  async run(_, { onEvent }) {
    for (let done = 1; done <= 4; done++) {
      onEvent({ event: "progress", data: { stage: "encoded", done, total: 4 } });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  },
});
const { groups, images, features } = of("");
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const say = (promised: Promised) => process.stdout.write(`${JSON.stringify(promised)}\n`);

async function photograph(): Promise<void> {
  const bytes = randomBytes(next, 1000 + Math.floor(next() * 200_000));
  const sha256 = digest(bytes);
  await images.put(sha256, bytes);
  say({ kind: "image", name: sha256 });
}

async function result(): Promise<void> {
  const mask = randomBytes(next, 5000);
  const [id, image] = [digest(mask), digest(randomBytes(next, 8))];
  await groups.putMask(id, image, mask);
  await groups.putConsensus(id, mask);
  const found = { sha256: image, width: 1, height: 1, coverage: 1, box: null, presence: 1 };
  const model = { name: "m", digest: id };
  const rest = { backend: "wasm", common: 1, skipped: [], notices: [] };
  await groups.putResult({ id, model, ...rest, images: [found] } as never);
  say({ kind: "group", name: id, image });
  await features.put(`${id}/${image}`, mask);
}

async function job(): Promise<void> {
  const bytes = randomBytes(next, 32);
  const request: JobRequest = {
    tenant: "",
    group: digest(bytes),
    model: { name: "m", digest: digest(bytes) },
    images: [{ id: "a", sha256: digest(bytes) }],
    seeds: [],
    onError: "fail",
    backend: "auto",
    presentation: "",
    request: "r",
  };
  const { id } = await jobs.submit({ request });
  say({ kind: "job", name: id });
}

const writes = [photograph, result, job];
process.stdout.write("ready\n");
for (;;) {
  await Promise.all(writes.map((write) => write()));
  await new Promise((resolve) => setTimeout(resolve, next() * 3));
}
