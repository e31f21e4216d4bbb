import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import type { Runtime, Session } from "../../engine/index.ts";
import { entryPoint } from "../../entry-point.ts";
import { type Frame, FrameReader, packTensors, unpackTensors, writeFrame } from "./frames.ts";
import { type DeviceDescription, FRAMES_DESCRIPTOR, type Reply, type Request } from "./protocol.ts";

/** The runtime of a device process. */
export interface DeviceRuntime {
  readonly runtime: Runtime;
  readonly device: DeviceDescription;
  /** Resolves with the reason when the device is lost for good. */
  readonly lost?: Promise<string>;
}

/**
 * Runs a device process: opens the runtime, then handles the server's requests one at a time. The
 * process exits when the server disconnects, when anything throws, and when the device is lost.
 */
export async function serve(open: () => Promise<DeviceRuntime>): Promise<void> {
  const pipe = new Socket({ fd: FRAMES_DESCRIPTOR, readable: true, writable: true });
  pipe.on("error", () => process.exit());
  pipe.on("end", () => process.exit());
  new Worker(entryPoint(import.meta.url, "heartbeat")).on("error", (error) => {
    throw error;
  });
  const send = (reply: Reply, parts?: readonly Uint8Array[]) => writeFrame(pipe, reply, parts);
  // Flushes the pipe before the process exits, since the reason must reach the server.
  const end = () => pipe.end(() => process.exit(1));

  let opened: DeviceRuntime;
  try {
    opened = await open();
  } catch (error) {
    send({ kind: "unusable", message: messageOf(error) });
    return void end();
  }
  const { runtime, device, lost } = opened;
  const sessions = new Map<number, Session>();
  let current: Request | undefined;
  lost?.then((reason) => {
    send({ kind: "failed", id: current?.id ?? -1, message: `the device was lost: ${reason}` });
    end();
  });

  async function handle({ head, bytes }: Frame<Request>): Promise<void> {
    if (head.kind === "open") {
      sessions.set(head.graph, await runtime.open(bytes));
      return send({ kind: "opened", id: head.id });
    }
    const session = sessions.get(head.graph);
    if (session === undefined) throw new Error(`graph ${head.graph} is not open`);
    const outputs = await session.run(unpackTensors(head.inputs, bytes));
    const { heads, parts } = packTensors(outputs);
    send({ kind: "result", id: head.id, outputs: heads }, parts);
  }

  let last = Promise.resolve();
  const reader = new FrameReader<Request>((frame) => {
    last = last.then(async () => {
      current = frame.head;
      try {
        await handle(frame);
      } catch (error) {
        send({ kind: "failed", id: frame.head.id, message: messageOf(error) });
        end();
        // Ignores further requests. The supervisor sends them to the next process.
        await new Promise(() => {});
      }
    });
  });
  pipe.on("data", (piece) => reader.push(piece));
  send({ kind: "ready", device });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
