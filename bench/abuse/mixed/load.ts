import { readdir, readFile } from "node:fs/promises";
import type { GroupBody, JobBody } from "../../../src/app/index.ts";
import { fresh } from "../../../test/photographs.ts";
import type { Caller } from "./caller.ts";
import { digestOf } from "./caller.ts";

const FOLDER = new URL("../../../examples/raccoons/", import.meta.url);

type Files = [name: string, bytes: Uint8Array<ArrayBuffer>][];

const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".jpg"));
const PHOTOGRAPHS = await Promise.all(
  names.map(async (name) => new Uint8Array(await readFile(new URL(name, FOLDER)))),
);

/** Photographs that nobody has sent before. */
function photographs(count: number): Files {
  return Array.from({ length: count }, (_, i) => {
    const bytes = PHOTOGRAPHS[Math.floor(Math.random() * PHOTOGRAPHS.length)] as Uint8Array;
    return [`${i}.jpg`, fresh(Uint8Array.from(bytes), crypto.randomUUID())];
  });
}

function formOf(files: Files): FormData {
  const form = new FormData();
  for (const [name, bytes] of files) form.append("image", new File([bytes], name));
  return form;
}

const post = (files: Files, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: formOf(files),
  headers: { accept: "application/json", ...headers },
});

const isWhole =
  (end: string) =>
  ({ text }: { text: string }) =>
    text.includes(end) ? undefined : `it ends with ${JSON.stringify(text.slice(-80))}`;

/** A group, its files, and its end: each read may find that another answer was honest. */
async function group(caller: Caller, token: string): Promise<void> {
  const files = photographs(2);
  const answer = await caller.ask("group", "/v1/groups?output=cutout", [200], {
    ...post(files),
    token,
  });
  if (answer === undefined) return;
  const body = JSON.parse(answer.text) as GroupBody;
  for (const { cutout, mask } of body.images) {
    await caller.ask("mask", mask.url, [200], { token });
    // The photograph is kept where the disk took it.
    await caller.ask("cut-out", cutout?.url as string, [200, 410], { token });
  }
  const gone = await caller.ask("delete", `/v1/groups/${body.id}`, [204], {
    method: "DELETE",
    token,
  });
  if (gone !== undefined) await caller.ask("deleted", `/v1/groups/${body.id}`, [404], { token });
}

async function upload(caller: Caller, token: string): Promise<void> {
  const [[, bytes]] = photographs(1) as [Files[number]];
  const sha256 = digestOf(bytes);
  const headers = { "content-type": "image/jpeg" };
  const path = `/v1/images/${sha256}`;
  const stored = await caller.ask("upload", path, [201], {
    ...{ method: "PUT", body: bytes, headers, token },
  });
  if (stored === undefined) return;
  const named = { images: [{ sha256 }], options: {} };
  await caller.ask("group by name", "/v1/groups", [200], {
    ...{ method: "POST", body: JSON.stringify(named), token },
    headers: { "content-type": "application/json" },
  });
}

async function job(caller: Caller, token: string): Promise<void> {
  const accepted = await caller.ask("job", "/v1/groups", [202], {
    ...post(photographs(2), { prefer: "respond-async" }),
    token,
  });
  if (accepted === undefined) return;
  const { id } = JSON.parse(accepted.text) as JobBody;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const answer = await caller.ask("job's state", `/v1/jobs/${id}`, [200], { token });
    if (answer === undefined) continue;
    const { status, problem } = JSON.parse(answer.text) as JobBody;
    if (status === "queued" || status === "running") continue;
    caller.account.sent++;
    const end = problem === undefined ? status : `${status}: ${problem.code}`;
    const isKnown = status === "succeeded" || caller.account.isHonest(problem?.code ?? "");
    if (isKnown) caller.account.close("job's end", end);
    else caller.account.fail("job's end", `${end} ${problem?.detail ?? ""}`);
    return;
  }
}

async function stream(caller: Caller, token: string): Promise<void> {
  const asked = { ...post(photographs(3), { accept: "text/event-stream" }), token };
  await caller.ask("event stream", "/v1/groups", [200], asked, isWhole("event: result"));
}

async function archive(caller: Caller, token: string): Promise<void> {
  const asked = { ...post(photographs(3), { accept: "application/zip" }), token };
  await caller.ask("archive", "/v1/groups?output=overlay", [200], asked, isWhole("result.json"));
}

async function hangUp(caller: Caller, token: string): Promise<void> {
  const leave = 20 + 1500 * Math.random();
  await caller.ask("hang-up", "/v1/groups", [200], { ...post(photographs(6)), token, leave });
}

const BAD: readonly ((caller: Caller, token: string) => Promise<unknown>)[] = [
  (caller, token) =>
    caller.ask("bad input", "/v1/groups", [415], {
      ...post([["notes.jpg", new TextEncoder().encode("Dear diary")]]),
      token,
    }),
  (caller, token) => {
    const [[name, bytes]] = photographs(1) as [Files[number]];
    const half: Files = [[name, bytes.slice(0, 900)]];
    return caller.ask("bad input", "/v1/groups", [422], { ...post(half), token });
  },
  (caller, token) =>
    caller.ask("bad input", "/v1/groups?sides=4", [400], { ...post(photographs(1)), token }),
  (caller, token) =>
    caller.ask("bad input", "/v1/groups", [400], {
      ...{ method: "POST", body: "--nothing", token },
      headers: { "content-type": "multipart/form-data; boundary=other" },
    }),
  (caller, token) =>
    caller.ask("bad input", `/v1/images/${"0".repeat(64)}`, [400, 422], {
      ...{ method: "PUT", body: photographs(1)[0]?.[1] as Uint8Array<ArrayBuffer>, token },
      headers: { "content-type": "image/jpeg" },
    }),
  (caller) =>
    caller.ask("bad token", "/v1/groups", [401, 429], {
      ...post(photographs(1)),
      token: "e30.e30.e30",
    }),
];

async function badInput(caller: Caller, token: string): Promise<void> {
  const bad = BAD[Math.floor(Math.random() * BAD.length)];
  await bad?.(caller, token);
}

/** What is done over and over, each by one loop. */
export const LOAD = [group, upload, job, stream, archive, hangUp, badInput];
