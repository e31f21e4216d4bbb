import { readdirSync, readFileSync } from "node:fs";

/**
 * Resident size in MiB of each child of this process of that name, the largest first; none where
 * there is no /proc. A local Worker has two workerds: a proxy in front, and the one that computes.
 */
export function residentOf(name: string): number[] {
  return childrenOf(name)
    .map((pid) => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
    })
    .sort((a, b) => b - a);
}

/** Milliseconds of CPU that the children of this process of that name have used together. */
export function processorTimeOf(name: string): number {
  let nanoseconds = 0;
  for (const pid of childrenOf(name)) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [used] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      nanoseconds += Number(used);
    }
  }
  return nanoseconds / 1e6;
}

/** Also the children of children. */
function childrenOf(name: string, parent = process.pid): string[] {
  try {
    return readdirSync(`/proc/${parent}/task`).flatMap((thread) => {
      const path = `/proc/${parent}/task/${thread}/children`;
      const children = readFileSync(path, "utf8").trim().split(" ").filter(Boolean);
      return children.flatMap((child) => [
        ...(readFileSync(`/proc/${child}/comm`, "utf8").trim() === name ? [child] : []),
        ...childrenOf(name, Number(child)),
      ]);
    });
  } catch {
    return [];
  }
}
