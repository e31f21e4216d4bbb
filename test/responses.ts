import type { GroupBody, JobBody, Problem } from "../src/app/index.ts";

/** The body of a 200 for a group. */
export function group(response: Response): Promise<GroupBody> {
  return bodyOf(response, 200, "application/json");
}

/** The body of a 202. */
export function jobOf(response: Response): Promise<JobBody> {
  return bodyOf(response, 202, "application/json");
}

/** The body of an error response, which says the same as its head. */
export async function problem(response: Response): Promise<Problem> {
  const body = await bodyOf<Problem>(response, response.status, "application/problem+json");
  const head = {
    status: response.status,
    type: `/problems/${body.code}`,
    request: response.headers.get("x-request-id"),
  };
  for (const [name, value] of Object.entries(head)) {
    const found = body[name as keyof typeof head];
    if (found !== value) throw new Error(`expected ${name} ${value} but received ${found}`);
  }
  return body;
}

async function bodyOf<Body>(response: Response, status: number, type: string): Promise<Body> {
  const found = response.headers.get("content-type");
  if (response.status !== status || !found?.startsWith(type)) {
    throw new Error(`${response.status} ${found}: ${await response.text()}`);
  }
  return (await response.json()) as Body;
}
