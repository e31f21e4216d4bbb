/** Rows of a picture, from the top; a row may be overwritten once the next is asked for. */
export type Rows = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Awaited between two pieces of work. */
export type Pause = () => Promise<void>;

/** Work that can pause where it yields: how many pixels, or steps that take as long, it has done since. */
export type PausableWork<T> = Generator<number, T>;

/** Pixels of a piece: some hundredths of a second of the slowest of pictures. */
const PIECE = 2 ** 18;

/** Runs the work; after every `PIECE` pixels there is a pause, where one is wanted. */
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
 * The same rows; after every `PIECE` pixels there is a pause, where one is wanted.
 *
 * @param width pixels that a row takes the time of: twice its own where colours are mixed
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
