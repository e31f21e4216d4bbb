import { CosalError } from "../errors.ts";
import { isDigest } from "../group/index.ts";
import { planGroup } from "./compute/plan.ts";
import { runGroup } from "./compute/run.ts";
import type { AppDependencies } from "./context/dependencies.ts";
import { Service } from "./context/service.ts";
import type { RunJob } from "./jobs/types.ts";
import { parseBody, parseQuery } from "./problems/index.ts";
import { eventsOf } from "./representation/events.ts";
import { groupBody } from "./representation/group-body.ts";
import { presentationOf } from "./representation/variants.ts";
import { PresentationQuery, SeedSchema } from "./schemas/request.ts";

/**
 * What computes jobs: the group ends up in the tenant's stores, and every event that a request would
 * have been told is told to `onEvent`, `result` last.
 *
 * @throws CosalError (when called) what the request would have been answered
 */
export function jobRunner(dependencies: AppDependencies): RunJob {
  const service = new Service(dependencies);
  return async function runJob(request, { signal, onEvent, deadline }) {
    const { tenant, images, onError, detail = "normal", backend, model, consensusOf } = request;
    const requestContext = {
      id: request.request,
      tenant,
      stores: dependencies.stores(service.storeOf(tenant)),
      traceparent: request.traceparent,
    };
    const context = await service.planContext(requestContext);
    const seeds = request.seeds.map((seed) => parseBody(SeedSchema, seed));
    const group = await planGroup(
      { images, seeds, onError, detail, backend, model: model.name, consensusOf },
      context,
    );
    if (!isDigest(request.group) || group.id !== request.group) throw anotherModel();
    const query = [...new URLSearchParams(request.presentation)];
    const shown = parseQuery(
      PresentationQuery,
      Object.fromEntries(query.map(([name, value]) => [name, [value]])),
    );
    const view = service.view(presentationOf(shown), tenant);
    const events = eventsOf(group, view);
    const steps = runGroup(
      group,
      service.runContext(requestContext, context.models, {
        signal,
        caller: tenant,
        withRecords: false,
        ...(deadline !== undefined && { deadline }),
      }),
    );
    for await (const step of steps) {
      for (const event of await events(step)) onEvent(event);
      if (step.type === "done") {
        const data = await groupBody(step.result, step.cache, group.sent, view);
        onEvent({ event: "result", data });
      }
    }
  };
}

/** A deployment in between has changed the model: its name is the same, its masks are not. */
function anotherModel(): CosalError {
  return new CosalError(
    "model_unknown",
    "The model that the job was sent for is not served any more. Send the group again.",
  );
}
