import { readdirSync, readFileSync } from "node:fs";

/** How often the processes are looked at, in milliseconds: those that end take their figures along. */
const INTERVAL = 250;

/** MiB that each process under one of ours has had at most, by what it is. */
export class Peaks {
  readonly #root: number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #peaks = new Map<number, { readonly name: string; readonly peak: number }>();

  constructor(root: number) {
    this.#root = root;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  /** The largest of each kind, in the order of their beginning. */
  stop(): ReadonlyMap<string, number> {
    clearInterval(this.#timer);
    this.#look();
    const largest = new Map<string, number>();
    for (const { name, peak } of this.#peaks.values()) {
      largest.set(name, Math.max(largest.get(name) ?? 0, peak));
    }
    return largest;
  }

  #look(): void {
    for (const pid of familyOf(this.#root)) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
        this.#peaks.set(pid, { name: kindOf(pid), peak });
      } catch {
        // It has just ended.
      }
    }
  }
}

function familyOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" "),
    );
    return [pid, ...children.filter(Boolean).flatMap((child) => familyOf(Number(child)))];
  } catch {
    return [];
  }
}

function kindOf(pid: number): string {
  const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
  if (line.includes("device/main")) return "device";
  return line.includes("workerd") ? "isolate" : "server";
}
