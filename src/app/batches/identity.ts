import { sha256 } from "../../group/index.ts";
import type { BatchRequest } from "./types.ts";

/** Id of a new batch. With an idempotency key, a tenant has one batch for it. */
export async function batchId(tenant: string, idempotencyKey: string | undefined): Promise<string> {
  return idempotencyKey === undefined ? crypto.randomUUID() : digestOf([tenant, idempotencyKey]);
}

/** Hash of what was asked for, since an idempotency key is for one batch only. */
export function fingerprintOf(request: BatchRequest, manifestDigest: string): Promise<string> {
  const { request: _, traceparent: __, ...asked } = request;
  return digestOf([asked, manifestDigest]);
}

/** 32 hex digits. */
async function digestOf(parts: unknown): Promise<string> {
  return (await sha256(new TextEncoder().encode(JSON.stringify(parts)))).slice(0, 32);
}
