import type { AppDependencies } from "../src/app/index.ts";
import { createApp } from "../src/app/index.ts";
import { sha256 } from "../src/group/index.ts";
import { fakeHost } from "./fakes.ts";
import { form } from "./forms.ts";
import { DescribedClient } from "./openapi.ts";

export { events } from "./events.ts";
export { form } from "./forms.ts";
export { group, problem } from "./responses.ts";

/** An app on a fake host. Every answer is held against the app's own description. */
export function setUp(changes: Partial<AppDependencies> = {}) {
  const { dependencies, segmenter, stores, log } = fakeHost(changes);
  const app = createApp(dependencies);
  const client = new DescribedClient((path, init) => app.request(path, init));
  const request = (path: string, init?: RequestInit) => client.request(path, init);
  const post = (files: [string, string][], query = "", headers: Record<string, string> = {}) =>
    request(`/v1/groups${query}`, { method: "POST", body: form(files), headers });
  const postJson = (body: unknown, query = "", headers: Record<string, string> = {}) =>
    request(`/v1/groups${query}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  const put = async (text: string, headers: Record<string, string> = {}) =>
    request(`/v1/images/${await digestOf(text)}`, { method: "PUT", body: text, headers });
  const { calls } = segmenter;
  return { app, dependencies, request, post, postJson, put, calls, segmenter, stores, log };
}

export const digestOf = (text: string) => sha256(new TextEncoder().encode(text));
