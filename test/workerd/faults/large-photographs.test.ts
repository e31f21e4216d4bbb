import { describe, expect, it } from "vitest";
import { sha256 } from "../../../src/group/index.ts";
import large from "../../fixtures/images/large.avif";
import { type FormFile, form } from "../../forms.ts";
import { group, problem } from "../../responses.ts";
import { loadWorker, newGroup } from "../client.ts";
import type { Mode } from "./modes.ts";
import { backendOf, workerWithGpus } from "./worker-with-gpus.ts";

loadWorker();

/** The server loads its network for the first group. */
const PATIENT = { GPU_IDLE_TIMEOUT_MS: "50000" };

/** An AVIF of 1620 x 1080, for which the Worker's decoder has too little memory, and two others. */
const withLarge = (): FormFile[] => [...newGroup(), ["large.avif", large]];

type Send = ReturnType<typeof workerWithGpus>;
const post = (send: Send, files: readonly FormFile[], query = "") =>
  send(`/v1/groups${query}`, { method: "POST", body: form(files) });

async function putAll(send: Send, files: readonly FormFile[]) {
  return Promise.all(
    files.map(async ([id, bytes]) => {
      const file = new Uint8Array(bytes as ArrayBuffer);
      const digest = await sha256(file);
      const stored = await send(`/v1/images/${digest}`, { method: "PUT", body: file });
      expect([200, 201]).toContain(stored.status);
      return { id, sha256: digest };
    }),
  );
}

const byName = (send: Send, images: readonly object[]) =>
  send("/v1/groups", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ images }),
  });

describe("a photograph that is too large for the Worker", () => {
  it("goes to a GPU server that takes it, with its group", async () => {
    const response = await post(workerWithGpus(["up"], PATIENT), withLarge());
    expect(backendOf(response)).toBe("up");
    const { images } = await group(response);
    expect(images.map(({ width, height }) => [width, height])[2]).toEqual([1620, 1080]);
  });

  it("goes there by its name too", async () => {
    const send = workerWithGpus(["up"], PATIENT);
    const response = await byName(send, await putAll(send, withLarge()));
    expect(backendOf(response)).toBe("up");
    expect((await group(response)).images).toHaveLength(3);
  });

  it.each<[string, (Mode | "down")[], string]>([
    ["without a GPU server", [], ""],
    ["when it is away", ["down"], ""],
    ["when it says nothing", ["busy"], ""],
    ["when the Worker is asked for", ["up"], "?backend=wasm"],
  ])("is refused with the limit of its kind %s, or left out", async (_, modes, query) => {
    const send = workerWithGpus(modes, modes.length === 0 ? { GPU_BACKENDS: "" } : {});
    const response = await post(send, withLarge(), query);
    const body = await problem(response);
    expect([response.status, body.code]).toEqual([422, "image_too_many_pixels"]);
    expect(body.errors).toMatchObject([
      {
        pointer: "#/images/2",
        image: "large.avif",
        detail: expect.stringMatching(/^The AVIF is 1620 x 1080 pixels.*at most \d+ are taken/),
        limit: { name: "pixels", limit: expect.any(Number), actual: 1620 * 1080 },
      },
    ]);
    const skips = `${query ? `${query}&` : "?"}on_error=skip`;
    const rest = await group(await post(send, withLarge(), skips));
    expect(rest.images).toHaveLength(2);
    expect(rest.skipped).toMatchObject([{ id: "large.avif", code: "image_too_many_pixels" }]);
  });
});
