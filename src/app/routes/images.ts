import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import { type Env, timed } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { BODY, file, GUARDED, json, problems } from "../openapi/responses.ts";
import { fileResponse } from "../representation/conditional.ts";
import { sendFile } from "../representation/send-file.ts";
import { ImagePath } from "../schemas/common.ts";
import { ConditionalHeaders, DigestHeaders } from "../schemas/request.ts";
import { StoredImageSchema } from "../schemas/service.ts";
import { limitedBytes, verifyDigest } from "../upload/index.ts";
import type { Router } from "./router.ts";
import { digestParameter, notHere } from "./shared.ts";

const TYPES = ["image/jpeg", "image/png", "image/webp", "image/avif"];

/**
 * A photograph never changes, but it is deleted after about a day. Caches should not keep it longer.
 */
const CACHE_CONTROL = "private, max-age=3600";

const binary = { schema: { type: "string" as const, format: "binary" } };

export function imageRoutes(router: Router, service: Service): void {
  const request = { params: ImagePath };
  router.add(
    {
      method: "put",
      path: "/v1/images/{sha256}",
      summary: "Store a photograph under its SHA-256",
      description:
        "Groups can then refer to it. It is kept for the deployment's retention time. `Repr-Digest` (RFC 9530) is verified if present.",
      tags: ["images"],
      request: {
        ...request,
        headers: DigestHeaders,
        body: {
          required: true,
          content: Object.fromEntries(
            [...TYPES, "application/octet-stream"].map((t) => [t, binary]),
          ),
        },
      },
      responses: {
        200: json(StoredImageSchema, "It was already stored."),
        201: json(StoredImageSchema, "It was stored."),
        ...problems(
          ...(["digest_mismatch", "option_invalid", "not_found", ...GUARDED] as const),
          ...(["image_type_unsupported", "image_undecodable", "image_too_large"] as const),
          ...(["image_too_many_pixels", "image_too_small", "store_full", ...BODY] as const),
        ),
      },
    },
    (c) => putImage(service, c),
  );
  router.add(
    {
      method: "get",
      path: "/v1/images/{sha256}",
      summary: "Get a stored photograph, as it was sent",
      description: "`HEAD` checks whether it is stored.",
      tags: ["images"],
      request: { ...request, headers: ConditionalHeaders },
      responses: {
        200: file(TYPES, "The photograph."),
        206: file(TYPES, "The requested range."),
        304: { description: "Not modified." },
        ...problems("not_found", "range_invalid", ...GUARDED),
      },
    },
    (c) => getImage(service, c),
  );
  router.add(
    {
      method: "delete",
      path: "/v1/images/{sha256}",
      summary: "Delete a photograph and what was derived from it",
      description:
        "Its features, cut-outs and overlays are deleted with it. Masks belong to their groups: delete those.",
      tags: ["images"],
      request,
      responses: { 204: { description: "Removed." }, ...problems("not_found", ...GUARDED) },
    },
    (c) => deleteImage(service, c),
  );
}

async function putImage({ host }: Service, c: Context<Env>): Promise<Response> {
  const requestContext = c.get("requestContext");
  const { images } = requestContext.stores;
  const sha256 = digestParameter(c, "sha256");
  const { imageBytes } = host.limits;
  const bytes = await timed(requestContext, "upload", () =>
    limitedBytes(c.req.raw, imageBytes, (actual) => tooLarge(imageBytes, actual)),
  );
  await verifyDigest(bytes, sha256, c.req.header("repr-digest") ?? null);
  const { type, width, height } = host.decoder.inspect(bytes);
  const isKnown = (await images.has([sha256])).has(sha256);
  if (!isKnown) await timed(requestContext, "store", () => images.put(sha256, bytes));
  const body = { sha256, type, bytes: bytes.length, width, height };
  return c.json(body, isKnown ? 200 : 201, { location: `/v1/images/${sha256}` });
}

async function getImage(service: Service, c: Context<Env>): Promise<Response> {
  const { host, sending } = service;
  const requestContext = c.get("requestContext");
  const sha256 = digestParameter(c, "sha256");
  const requester = service.requesterOf(c.req.raw, requestContext);
  return sendFile(sending, requester, host.limits.imageBytes, async (bodyOf) => {
    const bytes = await requestContext.stores.images.get(sha256);
    if (bytes === undefined) throw notHere("photograph");
    const { type } = host.decoder.inspect(bytes);
    const file = { bytes, type, etag: `"${sha256}"` };
    const response = fileResponse(c.req.raw, file, { cacheControl: CACHE_CONTROL, bodyOf });
    response.headers.set("repr-digest", `sha-256=:${base64OfHex(sha256)}:`);
    return response;
  });
}

async function deleteImage(service: Service, c: Context<Env>): Promise<Response> {
  const { stores, tenant } = c.get("requestContext");
  const sha256 = digestParameter(c, "sha256");
  try {
    // The photograph is deleted last. If an earlier deletion fails, a retry must not get 404.
    await stores.features.deleteImage(sha256);
    if (!(await stores.images.delete(sha256))) throw notHere("photograph");
  } finally {
    service.renditions.deleteMatching(tenant, `s/${sha256}`);
    service.renditions.deleteMatching(tenant, `background=${sha256}`);
  }
  return new Response(null, { status: 204 });
}

function tooLarge(limit: number, actual: number): CosalError {
  return new CosalError("image_too_large", `The file has more than ${limit} bytes.`, {
    limit: { name: "bytes", limit, actual },
  });
}

function base64OfHex(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return btoa(String.fromCharCode(...bytes));
}
