// A thread of the device process: tells the server that the process lives, and how much memory it
// has. A graph that runs blocks the main thread, not this one; what stops this one (SIGSTOP, a
// machine without memory) stops the process.
import { writeSync } from "node:fs";
import { HEARTBEAT_DESCRIPTOR, HEARTBEAT_INTERVAL, type Heartbeat } from "./protocol.ts";

setInterval(beat, HEARTBEAT_INTERVAL);
beat();

function beat(): void {
  const heartbeat: Heartbeat = { memory: process.memoryUsage.rss() };
  try {
    writeSync(HEARTBEAT_DESCRIPTOR, `${JSON.stringify(heartbeat)}\n`);
  } catch (error) {
    // A pipe that is full is read again when the server finds the time.
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return;
    // The server is gone. The main thread may be in the middle of a long run, or in an endless one.
    process.kill(process.pid, "SIGKILL");
  }
}
