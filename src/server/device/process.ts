import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Frame, FrameReader, writeFrame } from "./frames.ts";
import {
  type DeviceDescription,
  FRAMES_DESCRIPTOR,
  HEARTBEAT_DESCRIPTOR,
  type Heartbeat,
  type Reply,
  type Request,
} from "./protocol.ts";

/** The program of a device process. It calls `serve`. */
export interface DeviceProgram {
  readonly file: URL;
  readonly args: readonly string[];
}

export interface DeviceProcessOptions {
  readonly program: DeviceProgram;
  /** How long the process may send no heartbeat before it is killed, in milliseconds. */
  readonly heartbeatTimeout: number;
  readonly onHeartbeat: (heartbeat: Heartbeat) => void;
  /** Called with each line that the process writes to its standard output or error. */
  readonly onOutput: (line: string) => void;
}

/** The process exited or was killed before it replied. */
export class DeviceLost extends Error {
  override readonly name = "DeviceLost";
}

/** No runtime is available, so starting another process is useless. */
export class DeviceUnusable extends Error {
  override readonly name = "DeviceUnusable";
}

/** One device process, from start to end. Any failure ends it. */
export class DeviceProcess {
  readonly ready: Promise<DeviceDescription>;
  /** Resolves with the reason when the process is gone. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #frames: Duplex;
  #ids = 0;
  #reason: string | undefined;
  #waiting: PromiseWithResolvers<Frame<Reply>> | undefined;
  #lastHeartbeat = performance.now();
  #watch: NodeJS.Timeout;

  constructor({ program, heartbeatTimeout, onHeartbeat, onOutput }: DeviceProcessOptions) {
    const args = [fileURLToPath(program.file), ...program.args];
    this.#child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    const { stdout, stderr, stdio } = this.#child;
    // The end of the process reports more than a broken pipe does.
    for (const pipe of stdio) pipe?.on("error", () => {});
    for (const output of [stdout, stderr]) {
      createInterface({ input: output as Readable }).on("line", onOutput);
    }
    const ready = Promise.withResolvers<DeviceDescription>();
    this.ready = ready.promise;
    // `ended` reports the failure to callers that do not await `ready`.
    this.ready.catch(() => {});
    this.#frames = stdio[FRAMES_DESCRIPTOR] as Duplex;
    const reader = new FrameReader<Reply>((frame) => this.#onReply(frame, ready));
    this.#frames.on("data", (piece) => reader.push(piece));
    createInterface({ input: stdio[HEARTBEAT_DESCRIPTOR] as Readable }).on("line", (line) => {
      this.#lastHeartbeat = performance.now();
      const heartbeat = parse(line);
      if (heartbeat !== undefined) onHeartbeat(heartbeat);
    });
    this.#watch = setInterval(() => {
      // If this process was busy, heartbeats are waiting in the pipe. They are read first.
      setImmediate(() => {
        if (performance.now() - this.#lastHeartbeat > heartbeatTimeout) {
          this.kill(`no heartbeat for ${heartbeatTimeout} ms`);
        }
      });
    }, heartbeatTimeout / 4).unref();
    const ended = Promise.withResolvers<string>();
    this.ended = ended.promise;
    this.#child.once("error", (error) => this.kill(error.message));
    this.#child.once("close", (code, signal) => {
      clearInterval(this.#watch);
      this.#reason ??= signal ? `ended by ${signal}` : `ended with status ${code}`;
      const lost = new DeviceLost(this.#reason);
      ready.reject(lost);
      this.#waiting?.reject(lost);
      ended.resolve(this.#reason);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Sends a request and returns its reply. Only one request may be pending.
   *
   * @param timeout how long the reply may take, in milliseconds. After that, the process is killed
   * @throws DeviceLost
   */
  async request(
    request: DistributiveOmit<Request, "id">,
    parts: readonly Uint8Array[],
    timeout: number,
  ): Promise<Frame<Reply>> {
    if (this.#reason !== undefined) throw new DeviceLost(this.#reason);
    const waiting = Promise.withResolvers<Frame<Reply>>();
    this.#waiting = waiting;
    writeFrame(this.#frames, { ...request, id: ++this.#ids }, parts);
    const watchdog = setTimeout(
      () => this.kill(`no reply to ${request.kind} within ${timeout} ms`),
      timeout,
    );
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(watchdog);
      this.#waiting = undefined;
    }
  }

  /** Kills the process at once, even if it is stopped: SIGKILL cannot be ignored. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill("SIGKILL");
  }

  #onReply(frame: Frame<Reply>, ready: PromiseWithResolvers<DeviceDescription>): void {
    const { head } = frame;
    switch (head.kind) {
      case "ready":
        ready.resolve(head.device);
        break;
      case "unusable":
        ready.reject(new DeviceUnusable(head.message));
        this.kill(head.message);
        break;
      case "failed":
        this.kill(head.message);
        break;
      default:
        if (head.id === this.#ids) this.#waiting?.resolve(frame);
    }
  }
}

/** `Omit` for each member of a union. */
type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** Undefined for an incomplete line, which a killed process may leave. */
function parse(line: string): Heartbeat | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
