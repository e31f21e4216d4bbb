/** V8's own figures of an isolate, in bytes. */
export interface HeapUsage {
  /** JavaScript objects. */
  readonly usedSize: number;
  /** ArrayBuffers and WebAssembly memories that are not shared. */
  readonly backingStorageSize: number;
}

/** The few commands of the Chrome DevTools protocol that a measurement needs. */
export class Inspector {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, (result: unknown) => void>();
  private last = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(String(data));
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    };
  }

  /** @param url of the socket, `ws:` */
  static async connect(url: URL): Promise<Inspector> {
    // Wrangler answers only callers that name an origin on this machine; Node's WebSocket can.
    const options = { headers: { Origin: "http://localhost" } } as unknown as string[];
    const socket = new WebSocket(url, options);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`no inspector at ${url}`));
    });
    return new Inspector(socket);
  }

  heapUsage(): Promise<HeapUsage> {
    return this.send("Runtime.getHeapUsage") as Promise<HeapUsage>;
  }

  /** The same without garbage. Both commands are sent at once: hardly anything runs between them. */
  async liveUsage(): Promise<HeapUsage> {
    const collected = this.send("HeapProfiler.collectGarbage");
    const usage = this.heapUsage();
    await collected;
    return usage;
  }

  close(): void {
    this.socket.close();
  }

  private send(method: string): Promise<unknown> {
    const id = ++this.last;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ id, method }));
    });
  }
}
