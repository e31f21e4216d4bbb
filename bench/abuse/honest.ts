import { readFile } from "node:fs/promises";
import { fresh } from "../../test/photographs.ts";

/** How often the caller sends a group, in milliseconds. */
const PERIOD = 1000;

/** When the caller gives up, in milliseconds. */
const PATIENCE = 30_000;

const PHOTOGRAPHS = ["on-a-bin", "in-a-tree"].map(
  (name) => new URL(`../../examples/raccoons/${name}.jpg`, import.meta.url),
);

export interface Experience {
  /** Milliseconds until each answer was there, those that failed with all that they took. */
  readonly latencies: readonly number[];
  readonly failures: readonly string[];
}

/** Who asks for the masks of two small photographs once a second, whatever became of those before. */
export async function honestCaller(url: string, seconds: number): Promise<Experience> {
  const files = await Promise.all(PHOTOGRAPHS.map((file) => readFile(file)));
  const latencies: number[] = [];
  const failures: string[] = [];
  const under = new Set<Promise<void>>();

  async function ask(): Promise<void> {
    const form = new FormData();
    for (const [i, file] of files.entries()) {
      form.append("image", new File([fresh(file, crypto.randomUUID())], `${i}.jpg`));
    }
    const began = performance.now();
    try {
      const response = await fetch(`${url}/v1/groups`, {
        method: "POST",
        body: form,
        headers: { "cf-connecting-ip": "203.0.113.1" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      const text = await response.text();
      if (!response.ok) failures.push(`${response.status} ${JSON.parse(text).code}`);
    } catch (error) {
      failures.push((error as Error).name);
    }
    latencies.push(performance.now() - began);
  }

  for (let i = 0; i < seconds; i++) {
    const answered = ask().finally(() => under.delete(answered));
    under.add(answered);
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
  }
  await Promise.all(under);
  return { latencies, failures };
}
