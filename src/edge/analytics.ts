import type { AnalyticsEngineDataset } from "@cloudflare/workers-types";
import type { Analytics } from "../app/index.ts";

/**
 * Data points for Workers Analytics Engine. The index, by which it samples, is the tenant; then
 * blob1 route, blob2 backend, blob3 cache, blob4 problem; double1 status, double2 images, double3
 * milliseconds.
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
