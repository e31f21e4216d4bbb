import { z } from "@hono/zod-openapi";
import { CosalError, ERROR_CODES, type ErrorCode } from "../../errors.ts";
import type { AppDependencies } from "../context/dependencies.ts";
import type { Service } from "../context/service.ts";
import { MAX_SEED_PIXELS, MAX_SEED_PIXELS_TOTAL, MAX_SEEDS } from "../limits.ts";
import { GUARDED, json, problems } from "../openapi/responses.ts";
import { PROBLEMS } from "../problems/index.ts";
import {
  HealthSchema,
  LimitsSchema,
  ModelsSchema,
  ProblemKindSchema,
  ReadinessSchema,
} from "../schemas/service.ts";
import type { Router } from "./router.ts";
import { pathParameter } from "./shared.ts";

/** Seconds that clients may cache what only changes with a deployment. */
const DESCRIPTION = { "cache-control": "public, max-age=60" };

export function serviceRoutes(router: Router, { host }: Service): void {
  router.add(
    {
      method: "get",
      path: "/healthz",
      summary: "Check whether the service is alive",
      tags: ["service"],
      responses: { 200: json(HealthSchema, "It is.") },
    },
    (c) => c.json({ status: "ok" as const }),
  );
  router.add(
    {
      method: "get",
      path: "/readyz",
      summary: "Check whether groups can be computed now, and where",
      tags: ["service"],
      responses: {
        200: json(
          ReadinessSchema,
          "At least one backend is ready. `degraded`: groups are computed, but photographs and jobs, which must be stored, may not be accepted.",
        ),
        503: json(ReadinessSchema, "None is."),
        ...problems("rate_limited"),
      },
    },
    async (c) => {
      const backends = [...((await host.readiness?.()) ?? [])];
      const storage = [...((await host.storage?.()) ?? [])];
      const isReady = host.readiness === undefined || backends.some(({ ready }) => ready);
      const isWhole = storage.every(({ ready }) => ready);
      const status = isReady ? (isWhole ? "ready" : "degraded") : "unready";
      const body = { status, backends, ...(host.storage && { storage }) } as const;
      return c.json(body, isReady ? 200 : 503, { "cache-control": "no-store" });
    },
  );
  router.add(
    {
      method: "get",
      path: "/v1/models",
      summary: "List the available models, and the limits",
      tags: ["service"],
      responses: {
        200: json(ModelsSchema, "The first one is the default."),
        ...problems(...GUARDED),
      },
    },
    async (c) => {
      const models = (await host.models()).map(({ manifest, digest }, i) => ({
        name: manifest.name,
        version: manifest.version,
        digest,
        licence: manifest.licence,
        input: { width: manifest.input.width, height: manifest.input.height },
        seeds: manifest.graphs.seed !== undefined,
        default: i === 0,
      }));
      return c.json({ models, limits: limitsBody(host) }, 200, DESCRIPTION);
    },
  );
  router.add(
    {
      method: "get",
      path: "/v1/limits",
      summary: "Get the deployment's limits",
      tags: ["service"],
      responses: { 200: json(LimitsSchema, "The deployment's limits."), ...problems(...GUARDED) },
    },
    (c) => c.json(limitsBody(host), 200, DESCRIPTION),
  );
  router.add(
    {
      method: "get",
      path: "/problems/{code}",
      summary: "Get the documentation of a problem",
      description: "The `type` of every problem is such a URL.",
      tags: ["service"],
      request: { params: z.object({ code: z.string() }) },
      responses: { 200: json(ProblemKindSchema, "It."), ...problems("not_found") },
    },
    (c) => {
      const code = pathParameter(c, "code") as ErrorCode;
      if (!ERROR_CODES.includes(code)) {
        throw new CosalError("not_found", `There is no problem called ${code}.`);
      }
      return c.json({ type: `/problems/${code}`, code, ...PROBLEMS[code] }, 200, DESCRIPTION);
    },
  );
}

function limitsBody({
  limits,
  decoder,
  batches,
}: Pick<AppDependencies, "limits" | "decoder" | "batches">): z.infer<typeof LimitsSchema> {
  const { wasm, gpu } = limits.backends;
  const { heic, ...common } = limits.imagePixels;
  const backend = ({ images, pixels, totalPixels }: NonNullable<typeof wasm>) => ({
    images,
    pixels,
    total_pixels: totalPixels,
  });
  return {
    body_bytes: limits.bodyBytes,
    json_bytes: Math.min(limits.bodyBytes, limits.memoryBytes),
    image_bytes: limits.imageBytes,
    types: [...decoder.types],
    images: limits.images,
    seconds: limits.seconds,
    image_pixels: decoder.types.includes("image/heic") ? { ...common, heic } : common,
    rendered_pixels: limits.renderedPixels,
    response_pixels: limits.responsePixels,
    synchronous_images: limits.synchronousImages,
    seeds: { count: MAX_SEEDS, pixels: MAX_SEED_PIXELS, total_pixels: MAX_SEED_PIXELS_TOTAL },
    ...(batches && {
      batches: {
        lines: batches.limits.lines,
        stored_lines: batches.limits.storedLines ?? batches.limits.lines,
        manifest_bytes: batches.limits.bytes,
        group_lines: batches.limits.groupLines,
        parallelism: batches.limits.parallelism,
      },
    }),
    backends: { ...(wasm && { wasm: backend(wasm) }), ...(gpu && { gpu: backend(gpu) }) },
  };
}
