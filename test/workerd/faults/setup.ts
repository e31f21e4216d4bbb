import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type { Mode } from "./modes.ts";

/** Starts the process that plays GPU servers, and tells the tests its ports. */
export default async function setUp(project: TestProject): Promise<() => void> {
  const child = fork(join(import.meta.dirname, "process.ts"), { stdio: "inherit" });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the process that plays GPU servers has ended with ${code}`);
  });
  const [ports] = (await Promise.race([once(child, "message"), ended])) as [
    Readonly<Record<Mode | "down", number>>,
  ];
  ended.catch(() => {});
  project.provide("gpu", ports);
  return () => {
    child.kill();
  };
}
