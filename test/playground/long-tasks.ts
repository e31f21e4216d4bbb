import type { Browser } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds that the thread itself has worked. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Shorter tasks are not told, in milliseconds. */
const LONG = 50;

/**
 * Tasks of pages' own threads that take long, in milliseconds of the thread's time: a busy machine
 * makes each task longer by the clock, which says nothing about the page.
 */
export async function longTasks(browser: Browser, work: () => Promise<void>): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const pages = new Set<string>();
  const found: { readonly thread: string; readonly milliseconds: number }[] = [];
  session.on("Tracing.dataCollected", ({ value }) => {
    for (const { name, pid, tid, tdur = 0, args } of value as unknown as TraceEvent[]) {
      const thread = `${pid} ${tid}`;
      if (name === "thread_name" && args.name === "CrRendererMain") pages.add(thread);
      if (name === "RunTask" && tdur > 1000 * LONG) {
        found.push({ thread, milliseconds: tdur / 1000 });
      }
    }
  });
  await session.send("Tracing.start", {
    traceConfig: {
      includedCategories: ["disabled-by-default-devtools.timeline", "__metadata"],
      excludedCategories: ["*"],
    },
    bufferUsageReportingInterval: 60_000,
    transferMode: "ReportEvents",
  });
  await work();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  return found.filter(({ thread }) => pages.has(thread)).map(({ milliseconds }) => milliseconds);
}
