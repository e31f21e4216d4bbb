import { exports } from "cloudflare:workers";
import type { GroupBody, Problem } from "../../src/app/index.ts";
import { DescribedClient } from "../openapi.ts";

export type File = readonly [name: string, bytes: BlobPart];

const client = new DescribedClient((path, init) =>
  exports.default.fetch(`https://cosal.test${path}`, init),
);

/**
 * A request to the Worker of wrangler.toml, with its real bindings. The answer is held against the
 * Worker's own description.
 */
export function request(path: string, init?: RequestInit): Promise<Response> {
  return client.request(path, init);
}

export function post(files: readonly File[], query = "", headers = {}): Promise<Response> {
  const body = new FormData();
  for (const [name, bytes] of files) body.append("image", new Blob([bytes]), name);
  return request(`/v1/groups${query}`, { method: "POST", body, headers });
}

export async function group(response: Response): Promise<GroupBody> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as GroupBody;
}

export async function problem(response: Response): Promise<Problem> {
  if (response.headers.get("content-type") !== "application/problem+json") {
    throw new Error(`no problem: ${response.status} ${await response.text()}`);
  }
  return (await response.json()) as Problem;
}
