/** How a GPU server behaves that the suite of faults runs, each on a port of its own. */
export const MODES = [
  /** Works. */
  "up",
  /** Works, a second late. */
  "slow",
  /** Every other request is answered 500, or not at all. */
  "flaky",
  /** Its connection breaks within the answer. */
  "dying",
  /** Sends the beginning of a right answer, and then nothing more. */
  "hanging",
  /** Takes the request and never answers. */
  "mute",
  /** Bytes that mean nothing, called multipart/mixed. */
  "garbage",
  /** Ends well-formed, but without the last parts. */
  "short",
  /** Masks of images that it was not sent. */
  "swapped",
  /** Says that another model made the masks. */
  "estranged",
  /** Answers 503 and when to come again. */
  "busy",
  /** Takes nobody's signature. */
  "closed",
] as const;

export type Mode = (typeof MODES)[number];

/** What this Worker and the servers of the suite share. */
export const SECRET = "a-secret-for-the-suite-of-faults";

declare module "vitest" {
  interface ProvidedContext {
    /** Ports on 127.0.0.1 of servers in each mode, and of nobody. */
    gpu: Readonly<Record<Mode | "down", number>>;
  }
}
