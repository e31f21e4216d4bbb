import { env } from "cloudflare:workers";
import { inject } from "vitest";
import type { Env } from "../../../src/edge/env.ts";
import { workerWith } from "../client.ts";
import { type Mode, SECRET } from "./modes.ts";

/** The Worker with these GPU servers. Each has circuit breakers of its own. */
export function workerWithGpus(modes: readonly (Mode | "down")[], more: Partial<Env> = {}) {
  const ports = inject("gpu");
  return workerWith({
    ...(env as Env),
    GPU_BACKENDS: modes.map((mode) => `${mode}=http://127.0.0.1:${ports[mode]}`).join(),
    GPU_SECRET: SECRET,
    GPU_IDLE_TIMEOUT_MS: "3000",
    ...more,
  });
}

/** The name of the backend that computed a group. */
export function backendOf(response: Response): string | undefined {
  return response.headers.get("cosal-backend")?.split(";")[0];
}
