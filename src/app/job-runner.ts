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
 * Computes jobs and writes the groups to the tenant's stores. It emits the same events as an event
 * stream of the request, `result` last.
 *
 * @throws CosalError (when called) the same errors as a request
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

/** A new deployment has changed the model. Its name is the same, but its masks are different. */
function anotherModel(): CosalError {
  return new CosalError(
    "model_unknown",
    "The model of the job is no longer available. Send the group again.",
  );
}
