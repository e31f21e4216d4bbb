import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ComputeJob } from "../../src/app/index.ts";
import { gpuBackend, IDLE_TIMEOUT, type Transport } from "../../src/edge/gpu/backend.ts";
import { describeModel } from "../../src/engine/index.ts";
import { groupId, optionsOf, sha256 } from "../../src/group/index.ts";
import { modelFiles } from "./device.ts";
import type { Photograph, Running } from "./servers.ts";

/** What the servers of these suites and their Workers share. */
export const SECRET = "s".repeat(32);

/** What a Worker's streams do, on Node's. */
const transport: Transport = {
  fetch: (url, init) => fetch(url, { ...init, duplex: "half" } as RequestInit),
  async measure(pieces) {
    const hash = createHash("sha256");
    let length = 0;
    for await (const piece of pieces) {
      const chunk = await new Response(piece).bytes();
      hash.update(chunk);
      length += chunk.length;
    }
    return { sha256: Uint8Array.from(hash.digest()).buffer, length };
  },
  body: (pieces) => Readable.toWeb(Readable.from(pieces)) as unknown as BodyInit,
};

/** The server, as a Worker asks it. */
export function backendAt({ url }: Running, keep = 600) {
  return gpuBackend(
    { name: "gpu", url },
    {
      secret: SECRET,
      transport,
      idleTimeout: IDLE_TIMEOUT,
      keep,
    },
  );
}

export async function jobOf(
  group: readonly Photograph[],
  consensusOf?: string,
): Promise<ComputeJob> {
  const { manifest, digest } = await describeModel(modelFiles);
  const named = await Promise.all(
    group.map(async ({ name, bytes }) => ({ id: name, sha256: await sha256(bytes), bytes })),
  );
  const images = named
    .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
    .map(({ bytes, ...image }, index) => ({ ...image, index, load: async () => bytes }));
  const contents = {
    model: digest,
    ...(consensusOf !== undefined && { consensusOf }),
    options: optionsOf({ onError: "fail", detail: "normal" }),
    images: images.map((image) => image.sha256),
  };
  return {
    ...{ tenant: "t", images, seeds: [], seedRequests: [] },
    ...{ onError: "fail", detail: "normal", backend: "auto" },
    group: await groupId(contents),
    model: { name: manifest.name, digest },
  };
}
