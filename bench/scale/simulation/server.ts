import { type Clock, countdown, Device, Station } from "./events.ts";

/** What one photograph costs a server, in seconds. */
export interface ServerTimes {
  /** Of one core, before it is encoded: reading the file. */
  readonly read: number;
  /** Of one core, once for a group: what does not depend on its photographs. */
  readonly group: number;
  /** Of one core, after the consensus: decoding and writing the mask, as far as cores do it. */
  readonly mask: number;
  /** Of one core, where the network runs on the processor. */
  readonly encode?: number;
  /** Of the GPU, for a batch. */
  readonly gpu?: { encode(images: number): number; decode(images: number): number };
}

const MAX_BATCH = 16;

/** One server: its cores, and its GPU if it has one. */
export class Server {
  readonly cores: Station;
  readonly gpu: Device<"encode" | "decode"> | undefined;
  readonly #times: ServerTimes;

  constructor(clock: Clock, cores: number, times: ServerTimes) {
    this.cores = new Station(clock, cores);
    this.gpu = times.gpu && new Device(clock, times.gpu, MAX_BATCH);
    this.#times = times;
  }

  /** Masks of a group, of which so many photographs have to be read and encoded. */
  compute(images: number, unknown: number, then: () => void): void {
    const { read, mask, group, encode = 0 } = this.#times;
    const { cores, gpu } = this;
    const own = {};
    const done = countdown(images, then);
    const decodeAll = () => {
      for (let image = 0; image < images; image++) {
        if (gpu === undefined) cores.do(mask, done, own);
        else gpu.run("decode", () => cores.do(mask, done, own));
      }
    };
    const encoded = countdown(unknown + 1, decodeAll);
    cores.do(group, encoded, own);
    for (let image = 0; image < unknown; image++) {
      const encodeIt = () => {
        if (gpu === undefined) cores.do(encode, encoded, own);
        else gpu.run("encode", encoded);
      };
      cores.do(read, encodeIt, own);
    }
  }
}
