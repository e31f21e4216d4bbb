import type { Limits } from "./api.ts";
import { Http, type HttpOptions } from "./http.ts";
import type { CallOptions } from "./options.ts";
import { sha256Of } from "./photographs.ts";
import type { Attempts } from "./retry.ts";

/** Milliseconds that a call may take unless it says otherwise. */
const TIMEOUT = 600_000;

export function attemptsOf({ timeout = TIMEOUT, signal }: CallOptions = {}): Attempts {
  return { deadline: Date.now() + timeout, signal };
}

/** Gives the service a consensus file. @returns what it is called there */
export async function storeConsensus(
  { http }: Connection,
  consensus: Uint8Array<ArrayBuffer>,
  attempts: Attempts,
): Promise<string> {
  const id = await sha256Of(consensus);
  const request = {
    method: "PUT",
    body: new Blob([consensus]),
    headers: { "content-type": "application/vnd.cosal.consensus" },
  };
  await http.send(`/v1/groups/${id}/consensus`, request, attempts);
  return id;
}

/** A service, and the limits that it has told. */
export class Connection {
  readonly http: Http;
  #limits: Limits | undefined;

  constructor(options: HttpOptions) {
    this.http = new Http(options);
  }

  /** Asked for once. */
  async limits(attempts: Attempts): Promise<Limits> {
    this.#limits ??= (await this.http.json("/v1/limits", attempts)) as Limits;
    return this.#limits;
  }
}
