import { describe, expect, it } from "vitest";
import type { Env } from "../../../src/edge/env.ts";
import png from "../../fixtures/images/orientation-6.png";
import { type FormFile, form } from "../../forms.ts";
import { damaged } from "../../photographs.ts";
import { group, problem } from "../../responses.ts";
import { loadWorker, newGroup } from "../client.ts";
import type { Mode } from "./modes.ts";
import { backendOf, workerWithGpus } from "./worker-with-gpus.ts";

/** Sends groups to the Worker with these GPU servers, which it prefers to itself. */
function workerBefore(modes: readonly (Mode | "down")[], more: Partial<Env> = {}) {
  const send = workerWithGpus(modes, { WASM_PREFERRED_MS: "1", ...more });
  return (files: readonly FormFile[], query = "") =>
    send(`/v1/groups${query}`, { method: "POST", body: form(files) });
}

const reasonOf = (response: Response) =>
  response.headers.get("cosal-backend")?.split(";reason=")[1];

let right: { coverage: number; box: number[] | null }[];

loadWorker(async () => {
  const alone = workerBefore([], { GPU_BACKENDS: "" });
  right = (await group(await alone(newGroup()))).images as typeof right;
});

/** Exactly what the Worker finds on its own: both have the same network. */
async function expectRight(response: Response): Promise<void> {
  const { images } = await group(response);
  for (const [i, { coverage, box }] of images.entries()) {
    expect(coverage).toBeCloseTo(right[i]!.coverage, 2);
    for (const [k, value] of (box ?? []).entries()) {
      expect(Math.abs(value - right[i]!.box![k]!)).toBeLessThanOrEqual(2);
    }
  }
}

describe("a GPU server that works", () => {
  it("computes what is too costly for the Worker, which says so", async () => {
    const response = await workerBefore(["up"])(newGroup());
    expect(backendOf(response)).toBe("up");
    expect(reasonOf(response)).toMatch(/estimated \d+ ms in WebAssembly, more than 1/);
    await expectRight(response);
  });

  it("is not asked for what is cheap, nor for what is stored", async () => {
    const send = workerBefore(["up"], { WASM_PREFERRED_MS: "100000" });
    const files = newGroup();
    const response = await send(files);
    expect(backendOf(response)).toBe("wasm");
    await expectRight(response);
    expect((await group(await send(files))).cache).toBe("hit");
  });

  it("may take its time", async () => {
    const response = await workerBefore(["slow"])(newGroup());
    expect(backendOf(response)).toBe("slow");
    await expectRight(response);
  });

  it("says which photograph is broken, and the Worker says it too", async () => {
    const [first] = newGroup();
    for (const modes of [["up"], []] as const) {
      const response = await workerBefore(modes)([first!, ["damaged.png", damaged(png)]]);
      const body = await problem(response);
      expect([response.status, body.code]).toEqual([422, "image_undecodable"]);
      expect(body.errors).toMatchObject([{ pointer: "#/images/1", image: "damaged.png" }]);
    }
  });
});

const FAULTS = [
  "down",
  "flaky",
  "dying",
  "hanging",
  "mute",
  "garbage",
  "short",
  "swapped",
  "estranged",
  "busy",
  "closed",
] as const;

describe.each(FAULTS)("a GPU server that is %s", (mode) => {
  it("costs time: its groups are computed in the Worker, and rightly", async () => {
    const send = workerBefore([mode]);
    for (let i = 0; i < 2; i++) {
      const response = await send(newGroup());
      if (backendOf(response) === "wasm") expect(reasonOf(response)).toContain(`${mode} `);
      else expect(["wasm", "flaky"]).toContain(backendOf(response));
      await expectRight(response);
    }
  });

  it("is passed over for one that works", async () => {
    const response = await workerBefore([mode, "up"])(newGroup());
    expect(["up", "flaky"]).toContain(backendOf(response));
    await expectRight(response);
  });

  it("is an honest 503 where nobody else may compute the group", async () => {
    const send = workerBefore([mode]);
    for (let i = 0; i < 2; i++) {
      const response = await send(newGroup(), "?backend=gpu");
      if (mode === "flaky" && response.status === 200) {
        await expectRight(response);
        continue;
      }
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      const body = await problem(response);
      expect(body.code).toBe("backend_unavailable");
      expect(body.detail).toContain(mode);
    }
  });
});

it("a server that fails half of the time never makes a request fail", async () => {
  const send = workerBefore(["flaky"]);
  for (let i = 0; i < 8; i++) await expectRight(await send(newGroup()));
}, 120_000);
