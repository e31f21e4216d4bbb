import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { recordSize } from "../../codec/index.ts";
import { type GroupStore, isDigest } from "../../group/index.ts";
import type { Env } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { file, GUARDED, problems } from "../openapi/responses.ts";
import { parseQuery } from "../problems/index.ts";
import { fileResponse, matches } from "../representation/conditional.ts";
import { etagOf, renderedFile } from "../representation/files.ts";
import { renditionKey } from "../representation/rendition-cache.ts";
import { SMALL_FILE, sendFile } from "../representation/send-file.ts";
import { lookOfGroup, type StudioLook, studioLook } from "../representation/studio.ts";
import {
  DEFAULT_THRESHOLD,
  expectedBytes,
  type FileKind,
  parseFileName,
  SUFFIXES,
  type Variant,
} from "../representation/variants.ts";
import { Digest } from "../schemas/common.ts";
import { CocoSchema } from "../schemas/group.ts";
import { ConditionalHeaders, CutoutQuery, FileQuery } from "../schemas/request.ts";
import { pathAndQuery } from "./groups.ts";
import type { Router } from "./router.ts";
import { digestParameter, notHere, pathParameter } from "./shared.ts";

const TYPES: Readonly<Record<FileKind, readonly string[]>> = {
  masks: [
    "image/png",
    "image/webp",
    "application/json",
    "image/svg+xml",
    "application/vnd.cosal.logits",
  ],
  cutouts: ["image/png", "image/webp"],
  overlays: ["image/png", "image/webp"],
};

const SUMMARIES: Readonly<Record<FileKind, string>> = {
  masks: "Get the mask of one photograph of a group",
  cutouts: "Get the object of one photograph on a transparent background, or on a canvas",
  overlays: "Get one photograph with the object tinted",
};

export function fileRoutes(router: Router, service: Service): void {
  for (const kind of ["masks", "cutouts", "overlays"] as const) {
    const expired =
      kind === "masks"
        ? (["image_too_many_pixels"] as const)
        : ([
            ...(["image_expired", "image_too_many_pixels", "image_too_slow"] as const),
            ...(kind === "cutouts" ? (["object_missing"] as const) : []),
          ] as const);
    router.add(
      {
        method: "get",
        path: `/v1/groups/{group}/${kind}/{file}`,
        summary: SUMMARIES[kind],
        description:
          "Never changes. Supports a strong ETag, `If-None-Match`, and a single byte range. The file extension selects the format.",
        tags: ["files"],
        request: {
          params: z.object({
            group: Digest,
            file: z.string().openapi({
              description: `\`<SHA-256 of the photograph>.<${SUFFIXES[kind].join("|")}>\``,
            }),
          }),
          query: kind === "cutouts" ? CutoutQuery : FileQuery,
          headers: ConditionalHeaders,
        },
        responses: {
          200: file(TYPES[kind], "The file.", CocoSchema),
          206: file(TYPES[kind], "The requested range."),
          304: { description: "Not modified." },
          ...problems("not_found", "option_invalid", "range_invalid", ...expired, ...GUARDED),
        },
      },
      (c) => getFile(service, c, kind),
    );
  }
}

function getFile(service: Service, c: Context<Env>, kind: FileKind): Response | Promise<Response> {
  // Cached files are keyed by exactly this URL, so nothing else has to be looked up.
  const requestContext = c.get("requestContext");
  const key = renditionKey(requestContext.tenant, unsigned(c.req.url));
  const fresh = service.renditions.fresh(key);
  if (fresh === undefined) return findFile(service, c, kind, key);
  const { cacheControl, sending } = service;
  const options = { cacheControl, headers: requestContext.headers() };
  if (fresh.bytes.length <= SMALL_FILE) return fileResponse(c.req.raw, fresh, options);
  const requester = service.requesterOf(c.req.raw, requestContext);
  return sendFile(sending, requester, fresh.bytes.length, async (bodyOf) =>
    fileResponse(c.req.raw, fresh, { ...options, bodyOf }),
  );
}

async function findFile(
  service: Service,
  c: Context<Env>,
  kind: FileKind,
  key: string,
): Promise<Response> {
  const requestContext = c.get("requestContext");
  const { groups } = requestContext.stores;
  const asked = parseQuery(kind === "cutouts" ? CutoutQuery : FileQuery, c.req.queries());
  const look = kind === "cutouts" ? studioLook(asked as z.infer<typeof CutoutQuery>) : undefined;
  const group = digestParameter(c, "group");
  const name = parseFileName(kind, pathParameter(c, "file"));
  if (name === undefined || !isDigest(name.image)) throw notHere("mask");
  const { image, suffix } = name;
  // Not the group's result: a mask can be fetched while the others are still being computed.
  const record = await groups.mask(group, image);
  if (record === undefined) throw notHere("mask");
  const { cacheControl, sending } = service;
  const requester = service.requesterOf(c.req.raw, requestContext);
  const stale = service.renditions.stale(key);
  if (stale !== undefined) {
    service.renditions.revalidate(key);
    return sendFile(sending, requester, stale.bytes.length, async (bodyOf) =>
      fileResponse(c.req.raw, stale, { cacheControl, bodyOf }),
    );
  }
  const { size = "source", threshold = DEFAULT_THRESHOLD } = asked;
  const studio = look && (await lookIn(group, look, groups));
  const variant: Variant = { kind, suffix, size, threshold, studio };
  const known = await unchanged(c.req.raw, record, variant, cacheControl);
  if (known !== undefined) return known;
  const expected = expectedBytes(variant, recordSize(record));
  return sendFile(sending, requester, expected, async (bodyOf) => {
    const context = service.fileContext(requestContext, requester);
    const rendered = await renderedFile(image, record, variant, context);
    service.renditions.set(key, rendered);
    return fileResponse(c.req.raw, rendered, { cacheControl, bodyOf });
  });
}

/** @throws CosalError not_found while the sizes of the group's objects are not all known */
async function lookIn(group: string, look: StudioLook, groups: GroupStore): Promise<StudioLook> {
  if (look.scale === "each") return look;
  const result = await groups.result(group);
  if (result === undefined) throw notHere("group");
  return lookOfGroup(look, result.images);
}

/** Returns a 304 response, if it applies, without rendering the file. */
async function unchanged(
  request: Request,
  record: Uint8Array<ArrayBuffer>,
  variant: Variant,
  cacheControl: string,
): Promise<Response | undefined> {
  const header = request.headers.get("if-none-match");
  if (header === null) return undefined;
  const etag = await etagOf(record, variant);
  if (!matches(header, etag)) return undefined;
  return new Response(null, { status: 304, headers: { etag, "cache-control": cacheControl } });
}

/** The path and query without the signature, so that all links to a file share one cached copy. */
function unsigned(url: string): string {
  const path = pathAndQuery(url);
  if (!path.includes("signature=")) return path;
  const [before, query] = path.split("?") as [string, string];
  const rest = new URLSearchParams(query);
  for (const name of ["tenant", "expires", "signature"]) rest.delete(name);
  return rest.size === 0 ? before : `${before}?${rest}`;
}
