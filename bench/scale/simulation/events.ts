type Action = () => void;

/** Simulated time, in seconds: what is to happen, in its order. */
export class Clock {
  now = 0;
  readonly #times: number[] = [];
  readonly #actions: Action[] = [];

  after(seconds: number, action: Action): void {
    this.at(this.now + seconds, action);
  }

  at(time: number, action: Action): void {
    const [times, actions] = [this.#times, this.#actions];
    let place = times.length;
    for (; place > 0; ) {
      const parent = (place - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[place] = times[parent] as number;
      actions[place] = actions[parent] as Action;
      place = parent;
    }
    times[place] = time;
    actions[place] = action;
  }

  run(): void {
    while (this.#times.length > 0) {
      this.now = this.#times[0] as number;
      this.#pop()();
    }
  }

  #pop(): Action {
    const [times, actions] = [this.#times, this.#actions];
    const first = actions[0] as Action;
    const time = times.pop() as number;
    const action = actions.pop() as Action;
    const length = times.length;
    if (length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= length) break;
      if (child + 1 < length && (times[child + 1] as number) < (times[child] as number)) child++;
      if ((times[child] as number) >= time) break;
      times[place] = times[child] as number;
      actions[place] = actions[child] as Action;
      place = child;
    }
    times[place] = time;
    actions[place] = action;
    return first;
  }
}

interface Work {
  readonly seconds: number;
  readonly then: Action;
}

/**
 * Some equal servers and one queue. Groups take turns, one piece of work each, as they do in
 * `src/server/device/run-queue.ts`. Work that is of no group goes first, in the order in which it comes.
 */
export class Station {
  /** Seconds of all servers together that were spent on work. */
  busy = 0;
  readonly servers: number;
  readonly #clock: Clock;
  readonly #first = new Queue<Work>();
  /** Waiting work by group, in the order of their next turns. No queue is empty. */
  readonly #groups = new Map<object, Queue<Work>>();
  #free: number;

  constructor(clock: Clock, servers: number) {
    this.#clock = clock;
    this.servers = servers;
    this.#free = servers;
  }

  /** @param group an object that stands for the group whose work it is */
  do(seconds: number, then: Action, group?: object): void {
    const work = { seconds, then };
    if (this.#free > 0) this.#begin(work);
    else this.#queueOf(group).push(work);
  }

  #queueOf(group: object | undefined): Queue<Work> {
    if (group === undefined) return this.#first;
    const own = this.#groups.get(group) ?? new Queue();
    this.#groups.set(group, own);
    return own;
  }

  #begin({ seconds, then }: Work): void {
    this.#free--;
    this.busy += seconds;
    this.#clock.after(seconds, () => {
      this.#free++;
      const next = this.#next();
      if (next !== undefined) this.#begin(next);
      then();
    });
  }

  #next(): Work | undefined {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    for (const [group, own] of this.#groups) {
      const next = own.shift();
      this.#groups.delete(group);
      if (own.length > 0) this.#groups.set(group, own);
      return next;
    }
    return undefined;
  }
}

/** First in, first out. */
class Queue<Item> {
  #items: Item[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head > 1000 && 2 * this.#head > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** A device that takes what waits in batches, as soon as it is free: nobody waits for others to come. */
export class Device<Graph extends string> {
  busy = 0;
  readonly #clock: Clock;
  readonly #seconds: Readonly<Record<Graph, (images: number) => number>>;
  readonly #largest: number;
  readonly #waiting = new Map<Graph, Action[]>();
  #isBusy = false;

  /** @param seconds of a run of each graph, by how many images are in it */
  constructor(
    clock: Clock,
    seconds: Readonly<Record<Graph, (images: number) => number>>,
    largest: number,
  ) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#largest = largest;
  }

  run(graph: Graph, then: Action): void {
    const waiting = this.#waiting.get(graph);
    if (waiting === undefined) this.#waiting.set(graph, [then]);
    else waiting.push(then);
    this.#next();
  }

  /** The graph that most images wait for. */
  #next(): void {
    if (this.#isBusy) return;
    const [graph, waiting] = [...this.#waiting].reduce((a, b) =>
      b[1].length > a[1].length ? b : a,
    );
    if (waiting.length === 0) return;
    this.#isBusy = true;
    const batch = waiting.splice(0, this.#largest);
    const seconds = this.#seconds[graph](batch.length);
    this.busy += seconds;
    this.#clock.after(seconds, () => {
      this.#isBusy = false;
      for (const then of batch) then();
      this.#next();
    });
  }
}

/** Calls `then` when it has been called so often. */
export function countdown(times: number, then: Action): Action {
  let left = times;
  return () => {
    if (--left === 0) then();
  };
}
