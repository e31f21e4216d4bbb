import type { Context } from "hono";
import { decodeConsensus, MAX_CONSENSUS_BYTES, requireShape } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import type { GroupResult } from "../../group/index.ts";
import { type Env, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { CONSENSUS_TYPE } from "../media-types.ts";
import { BODY, file, GUARDED, json, problems } from "../openapi/responses.ts";
import { fileResponse } from "../representation/conditional.ts";
import { groupPath, storedGroupBody } from "../representation/group-body.ts";
import { presentationOf } from "../representation/variants.ts";
import { GroupPath } from "../schemas/common.ts";
import { GroupSchema } from "../schemas/group.ts";
import { ConditionalHeaders, DigestHeaders } from "../schemas/request.ts";
import { limitedBytes, verifyDigest } from "../upload/index.ts";
import type { Router } from "./router.ts";
import { digestParameter, notHere, strongEtag } from "./shared.ts";

const path = "/v1/groups/{group}/consensus";
const binary = { schema: { type: "string" as const, format: "binary" } };

export function consensusRoutes(router: Router, service: Service): void {
  router.add(
    {
      method: "get",
      path,
      summary: "Get what the photographs of a group have in common",
      description: "A few kilobytes that only the same model can use.",
      tags: ["groups"],
      request: { params: GroupPath, headers: ConditionalHeaders },
      responses: {
        200: file([CONSENSUS_TYPE], "The consensus."),
        206: file([CONSENSUS_TYPE], "The requested range."),
        304: { description: "Not modified." },
        ...problems("not_found", "range_invalid", ...GUARDED),
      },
    },
    (c) => getConsensus(service, c),
  );
  router.add(
    {
      method: "put",
      path,
      summary: "Store a consensus file",
      description:
        "`{group}` is the file's SHA-256. It becomes a group without photographs of its own, with which others can be masked: `POST /v1/groups/{group}/images`. `Repr-Digest` (RFC 9530) is verified if present.",
      tags: ["groups"],
      request: {
        params: GroupPath,
        headers: DigestHeaders,
        body: { required: true, content: { [CONSENSUS_TYPE]: binary } },
      },
      responses: {
        200: json(GroupSchema, "It was already stored."),
        201: json(GroupSchema, "It was stored."),
        ...problems(
          ...(["consensus_invalid", "consensus_incompatible", "digest_mismatch"] as const),
          ...(["option_invalid", "not_found", "store_full", ...BODY, ...GUARDED] as const),
        ),
      },
    },
    (c) => putConsensus(service, c),
  );
}

async function getConsensus(service: Service, c: Context<Env>): Promise<Response> {
  const { groups } = c.get("requestContext").stores;
  const group = digestParameter(c, "group");
  const result = await groups.result(group);
  const bytes = result && (await groups.consensus(result.consensusOf ?? group));
  if (bytes === undefined) throw notHere("consensus");
  const rendered = { bytes, type: CONSENSUS_TYPE, etag: await strongEtag(bytes) };
  return fileResponse(c.req.raw, rendered, { cacheControl: service.cacheControl });
}

async function putConsensus(service: Service, c: Context<Env>): Promise<Response> {
  const requestContext = c.get("requestContext");
  const { groups } = requestContext.stores;
  const id = digestParameter(c, "group");
  const bytes = await timed(requestContext, "upload", () =>
    limitedBytes(c.req.raw, MAX_CONSENSUS_BYTES - 1, tooLarge),
  );
  await verifyDigest(bytes, id, c.req.header("repr-digest") ?? null);
  const stored = await groups.result(id);
  const result = stored ?? { ...WITHOUT_IMAGES, id, model: await modelOf(bytes, service) };
  if (stored === undefined) {
    await groups.putConsensus(id, bytes);
    await groups.putResult(result);
    // Failed writes to the store are not reported, so the store is checked.
    if (!(await groups.isComplete(result))) {
      throw new CosalError("store_full", "The consensus could not be stored.");
    }
  }
  const view = service.view(presentationOf({}), requestContext.tenant);
  const body = await storedGroupBody(result, view);
  return c.json(body, stored ? 200 : 201, { location: groupPath(id) });
}

const WITHOUT_IMAGES = {
  ...{ backend: "none", common: 0, images: [], skipped: [], notices: [] },
} satisfies Omit<GroupResult, "id" | "model">;

/** @throws CosalError consensus_invalid, consensus_incompatible */
async function modelOf(bytes: Uint8Array, { host }: Service): Promise<GroupResult["model"]> {
  const consensus = decodeConsensus(bytes);
  const model = (await host.models()).find(({ digest }) => digest === consensus.model);
  if (model === undefined) {
    throw new CosalError(
      "consensus_incompatible",
      `The consensus belongs to model ${consensus.model}, which is not available here.`,
    );
  }
  requireShape(consensus, model.manifest);
  return { name: model.manifest.name, digest: model.digest };
}

function tooLarge(actual: number): CosalError {
  return new CosalError("consensus_invalid", "The file is too large to be a consensus.", {
    limit: { name: "bytes", limit: MAX_CONSENSUS_BYTES - 1, actual },
  });
}
