import type { GroupEvent } from "../../src/app/index.ts";

/** Shows how far a group is on one line; without a terminal, as one mark per step. */
export class Progress {
  readonly #title: string;
  readonly #isTerminal = process.stdout.isTTY === true;
  #masks = 0;

  constructor(title: string) {
    this.#title = title;
    this.#write(this.#isTerminal ? `${title} ...` : `${title}: `);
  }

  show(event: GroupEvent): void {
    if (event.event === "image") this.#step(`masks ${++this.#masks}`, "#");
    if (event.event !== "progress") return;
    const { stage, done, total } = event.data;
    if (stage === "encoded") this.#step(`read ${done} of ${total}`, ".");
    if (stage === "consensus") this.#step("found what they have in common", "|");
  }

  end(): void {
    this.#write(this.#isTerminal ? "\r\x1b[K" : "\n");
  }

  #step(text: string, mark: string): void {
    this.#write(this.#isTerminal ? `\r\x1b[K${this.#title}: ${text}` : mark);
  }

  #write(text: string): void {
    process.stdout.write(text);
  }
}
