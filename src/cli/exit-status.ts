/** What the command's exit status says. */
export const EXIT = {
  /** All photographs have their masks. */
  done: 0,
  /** Nothing was done. */
  failed: 1,
  /** What was typed is wrong. */
  usage: 2,
  /** Some photographs have no mask (with --strict: or do not show the object). */
  partial: 3,
  /** Ended by Ctrl+C, as shells expect it (128 + SIGINT). */
  interrupted: 130,
} as const;
