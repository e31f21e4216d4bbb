/** Rows of a picture, from the top. Each row may overwrite the previous one. */
export type Rows = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Awaited between two pieces of work. */
export type Pause = () => Promise<void>;

/** Work in pieces. It yields the number of pixels, or of steps of equal time, since the last yield. */
export type PausableWork<T> = Generator<number, T>;

/** Pixels of a piece: some hundredths of a second of the slowest of pictures. */
const PIECE = 2 ** 18;

/** Runs the work, and awaits `pause` after every `PIECE` pixels, if it is given. */
export async function runInPieces<T>(work: PausableWork<T>, pause: Pause | undefined): Promise<T> {
  let pixels = 0;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    pixels += value;
    if (pause === undefined || pixels < PIECE) continue;
    pixels = 0;
    await pause();
  }
}

/**
 * Yields the same rows, and awaits `pause` after every `PIECE` pixels, if it is given.
 *
 * @param width cost of a row in pixels: twice its width if colours are mixed
 */
export function paced(rows: Iterable<Uint8Array>, width: number, pause: Pause | undefined): Rows {
  return pause === undefined ? rows : withPauses(rows, width, pause);
}

async function* withPauses(
  rows: Iterable<Uint8Array>,
  width: number,
  pause: Pause,
): AsyncGenerator<Uint8Array> {
  let pixels = 0;
  for (const row of rows) {
    yield row;
    pixels += width;
    if (pixels < PIECE) continue;
    pixels = 0;
    await pause();
  }
}
