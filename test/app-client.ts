import { expect } from "vitest";
import type { GroupBody, Problem } from "../src/app/index.ts";
import { createApp } from "../src/app/index.ts";
import { sha256 } from "../src/group/index.ts";
import { fakeDependencies } from "./fakes.ts";

export function setUp() {
  const dependencies = fakeDependencies();
  const app = createApp(dependencies);
  const post = (files: [string, string][], query = "", headers: Record<string, string> = {}) =>
    app.request(`/v1/groups${query}`, { method: "POST", body: form(files), headers });
  return { app, post, calls: dependencies.fake.calls, store: dependencies.store };
}

export function form(files: [string, string][], part = "image"): FormData {
  const data = new FormData();
  for (const [name, text] of files) data.append(part, new File([text], name));
  return data;
}

export const digestOf = (text: string) => sha256(new TextEncoder().encode(text));
export const group = async (response: Response) => (await response.json()) as GroupBody;

export async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Problem;
  expect(body.status).toBe(response.status);
  expect(body.type).toBe(`/problems/${body.code}`);
  expect(body.request).toBe(response.headers.get("x-request-id"));
  return body;
}
