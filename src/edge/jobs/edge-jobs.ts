import type { Job, JobEvent, Jobs } from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";
import type { NewJob } from "./job-object.ts";

/** The methods of a `JobObject` that the API calls. */
export interface JobStub {
  create(job: NewJob): Promise<Job | undefined>;
  get(): Promise<Job | undefined>;
  cancel(): Promise<Job | undefined>;
  events(after: number): Promise<{ events: JobEvent[]; hasEnded: boolean } | undefined>;
}

/**
 * Jobs in Durable Objects, one object for each job. An object's name includes its tenant, so no other
 * tenant finds it.
 *
 * @param stubOf returns the object with a name
 */
export function edgeJobs(stubOf: (name: string) => JobStub): Jobs {
  return {
    async submit({ request, idempotencyKey }) {
      const { tenant } = request;
      const id =
        idempotencyKey === undefined
          ? crypto.randomUUID()
          : (await digest([tenant, idempotencyKey])).slice(0, 32);
      const { group, presentation, webhook = "", backend } = request;
      const fingerprint = await digest([group, presentation, webhook, backend]);
      const job = await stubOf(jobName(tenant, id)).create({ id, request, fingerprint });
      if (job !== undefined) return job;
      const message = "This Idempotency-Key was used for another request. Use a new one.";
      throw new CosalError("idempotency_mismatch", message);
    },
    get: (tenant, id) => stubOf(jobName(tenant, id)).get(),
    cancel: (tenant, id) => stubOf(jobName(tenant, id)).cancel(),
    async events(tenant, id, after, signal) {
      const stub = stubOf(jobName(tenant, id));
      if ((await stub.get()) === undefined) return undefined;
      return follow(stub, after, signal);
    },
  };
}

export function jobName(tenant: string, id: string): string {
  return JSON.stringify([tenant, id]);
}

async function* follow(
  stub: JobStub,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  let last = after;
  while (!signal.aborted) {
    const page = await stub.events(last);
    if (page === undefined) return;
    for (const event of page.events) {
      yield event;
      last = event.number;
    }
    if (page.hasEnded) return;
  }
}

function digest(parts: readonly string[]): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(parts)));
}
