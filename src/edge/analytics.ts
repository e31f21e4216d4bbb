import type { AnalyticsEngineDataset } from "@cloudflare/workers-types";
import type { Analytics } from "../app/index.ts";

/**
 * Data points for Workers Analytics Engine. The index, by which it samples, is the tenant. The blobs
 * are route, backend, cache and problem. The doubles are status, images and milliseconds.
 */
export function edgeAnalytics(dataset: AnalyticsEngineDataset): Analytics {
  return function writeDataPoint({ route, backend, cache, problem, tenant, ...numbers }) {
    dataset.writeDataPoint({
      indexes: [tenant],
      blobs: [route, backend, cache, problem],
      doubles: [numbers.status, numbers.images, numbers.milliseconds],
    });
  };
}
