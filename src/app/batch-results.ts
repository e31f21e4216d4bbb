import { type DeliverResults, encodeResults, resultsKey } from "./batches/index.ts";
import type { AppDependencies } from "./context/dependencies.ts";
import { Service } from "./context/service.ts";
import { JSON_LINES } from "./representation/json-lines.ts";

/** Writes the results of batches that have a destination to the tenant's bucket, as the API gives them. */
export function resultDelivery(dependencies: AppDependencies): DeliverResults {
  const service = new Service(dependencies);
  return async (header, results) => {
    const { request } = header;
    const key = resultsKey(header);
    const bucket = dependencies.batchBucket?.(request.tenant);
    if (key === undefined || bucket === undefined) return;
    const blocks = encodeResults(results, request, service.linkOf(request.tenant));
    await bucket.write(key, blocks, JSON_LINES);
  };
}
