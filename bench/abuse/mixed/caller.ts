import { createHash } from "node:crypto";
import type { Account } from "./account.ts";

export interface Asked {
  readonly method?: string;
  readonly body?: FormData | Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds after which the caller leaves. */
  readonly leave?: number;
  /** Without a token, or with a wrong one. */
  readonly token?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Milliseconds after which an answer counts as lost. */
const PATIENCE = 150_000;

/** Sends the requests of the load, and closes each in the account. */
export class Caller {
  readonly url: string;
  readonly account: Account;
  tokens: readonly string[] = [];
  /** Ids of requests whose line has to be in the server's log. */
  readonly logged = new Set<string>();

  constructor(url: string, account: Account) {
    this.url = url;
    this.account = account;
  }

  token(): string {
    return this.tokens[Math.floor(Math.random() * this.tokens.length)] as string;
  }

  /**
   * One request. Undefined when it was not answered with one of the statuses that its kind expects.
   *
   * @param check what is wrong with a body that should be right
   */
  async ask(
    kind: string,
    path: string,
    expected: readonly number[],
    { method = "GET", body, headers, leave, token = this.token() }: Asked = {},
    check: (answer: Answer) => string | undefined = () => undefined,
  ): Promise<Answer | undefined> {
    const { account } = this;
    const id = crypto.randomUUID();
    const signals = [AbortSignal.timeout(PATIENCE)];
    const left = new AbortController();
    if (leave !== undefined) setTimeout(() => left.abort(), leave);
    const signal = AbortSignal.any([...signals, left.signal]);
    account.sent++;
    try {
      const response = await fetch(this.url + path, {
        method,
        signal,
        headers: { authorization: `Bearer ${token}`, "x-request-id": id, ...headers },
        ...(body !== undefined && { body }),
      });
      const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
      const { status } = response;
      if (method !== "GET") this.logged.add(id);
      const answer = { status, text };
      if (expected.includes(status)) {
        const wrong = check(answer);
        if (wrong === undefined) account.close(kind, `${status}`);
        else account.fail(kind, wrong);
        return wrong === undefined ? answer : undefined;
      }
      this.#refused(kind, path, answer, response.headers.get("retry-after"));
    } catch (error) {
      if (left.signal.aborted) account.close(kind, "cancelled by its caller");
      else account.fail(kind, `${method} ${path}: ${error} ${(error as Error).cause ?? ""}`);
    }
    return undefined;
  }

  #refused(kind: string, path: string, { status, text }: Answer, retryAfter: string | null): void {
    const code = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? "";
    const isHonest = (status === 503 || status === 507) && this.account.isHonest(code);
    if (isHonest && retryAfter !== null) this.account.close(kind, `${status} ${code}`);
    else this.account.fail(kind, `${path}: ${status} ${text.slice(0, 200)}`);
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
