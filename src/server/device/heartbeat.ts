// A thread of the device process. It sends heartbeats with the memory use to the server. A running
// graph blocks the main thread but not this one. If this thread stops (SIGSTOP, a machine out of
// memory), the whole process has stopped.
import { writeSync } from "node:fs";
import { HEARTBEAT_DESCRIPTOR, HEARTBEAT_INTERVAL, type Heartbeat } from "./protocol.ts";

setInterval(beat, HEARTBEAT_INTERVAL);
beat();

function beat(): void {
  const heartbeat: Heartbeat = { memory: process.memoryUsage.rss() };
  try {
    writeSync(HEARTBEAT_DESCRIPTOR, `${JSON.stringify(heartbeat)}\n`);
  } catch (error) {
    // The pipe is full. The server reads it when it has time.
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return;
    // The server is gone. The main thread may be in a long or endless run, so it cannot exit itself.
    process.kill(process.pid, "SIGKILL");
  }
}
