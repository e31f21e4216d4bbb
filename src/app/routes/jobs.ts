import type { Context } from "hono";
import type { Env } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { jobBody } from "../jobs/body.ts";
import type { JobEvent, Jobs } from "../jobs/types.ts";
import { GUARDED, json, problems } from "../openapi/responses.ts";
import type { ServerSentEvent } from "../representation/sse.ts";
import { EventsHeaders } from "../schemas/headers.ts";
import { JobPath, JobSchema } from "../schemas/job.ts";
import { EVENTS, eventResponse } from "./event-response.ts";
import type { Router } from "./router.ts";
import { notHere, pathParameter } from "./shared.ts";

export function jobRoutes(router: Router, { host: { jobs } }: Service): void {
  const request = { params: JobPath };
  router.add(
    {
      method: "get",
      path: "/v1/jobs/{job}",
      summary: "Get a job's state",
      tags: ["jobs"],
      request,
      responses: { 200: json(JobSchema, "The job."), ...problems("not_found", ...GUARDED) },
    },
    async (c) => {
      const job = await required(jobs).get(c.get("requestContext").principal.tenant, jobIn(c));
      if (job === undefined) throw notHere("job");
      return c.json(jobBody(job), 200, { "cache-control": "no-store" });
    },
  );
  router.add(
    {
      method: "delete",
      path: "/v1/jobs/{job}",
      summary: "Cancels a job",
      description: "A job that has already ended is not changed.",
      tags: ["jobs"],
      request,
      responses: {
        200: json(JobSchema, "The job's current state."),
        ...problems("not_found", ...GUARDED),
      },
    },
    async (c) => {
      const job = await required(jobs).cancel(c.get("requestContext").principal.tenant, jobIn(c));
      if (job === undefined) throw notHere("job");
      return c.json(jobBody(job), 200, { "cache-control": "no-store" });
    },
  );
  router.add(
    {
      method: "get",
      path: "/v1/jobs/{job}/events",
      summary: "Follow a job's events",
      description:
        "Server-sent events `job` (its state), `progress`, `image`, `result`, `error`. With `Last-Event-ID`, only those after it.",
      tags: ["jobs"],
      request: {
        ...request,
        headers: EventsHeaders,
      },
      responses: {
        200: EVENTS,
        ...problems("not_found", "option_invalid", ...GUARDED),
      },
    },
    (c) => getEvents(required(jobs), c),
  );
}

function getEvents(jobs: Jobs, c: Context<Env>): Promise<Response> {
  return eventResponse(c, async (after, signal) => {
    const { tenant } = c.get("requestContext").principal;
    const events = await jobs.events(tenant, jobIn(c), after, signal);
    if (events === undefined) throw notHere("job");
    return numbered(events);
  });
}

async function* numbered(events: AsyncIterable<JobEvent>): AsyncGenerator<ServerSentEvent> {
  for await (const { number, event } of events) {
    yield event.event === "job"
      ? { event: "job", data: jobBody(event.data), id: number }
      : { ...event, id: number };
  }
}

/** Without jobs, none can be found. */
function required(jobs: Jobs | undefined): Jobs {
  if (jobs === undefined) throw notHere("job");
  return jobs;
}

function jobIn(c: Context<Env>): string {
  return pathParameter(c, "job");
}
