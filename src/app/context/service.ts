import type { ModelDescription } from "../../engine/index.ts";
import type { Stores } from "../../group/index.ts";
import { SignedLinks } from "../access/links.ts";
import type { PlanContext } from "../compute/plan.ts";
import type { RunContext } from "../compute/run.ts";
import { type Flights, memoryFlights } from "../compute/single-flight.ts";
import type { FileContext } from "../representation/files.ts";
import type { View } from "../representation/group-body.ts";
import { RenderedFiles } from "../representation/rendition-cache.ts";
import type { Presentation } from "../representation/variants.ts";
import type { AppDependencies } from "./dependencies.ts";
import type { Exchange } from "./request-context.ts";

/** What the routes share: the host's interfaces, and what is kept between requests. */
export class Service {
  readonly host: AppDependencies;
  readonly flights: Flights;
  readonly rendered: RenderedFiles;
  readonly links: SignedLinks | undefined;

  constructor(host: AppDependencies) {
    this.host = host;
    this.flights = host.flights ?? memoryFlights();
    this.rendered = new RenderedFiles(host.renditionBytes);
    this.links =
      host.links !== undefined && host.authenticate !== undefined
        ? new SignedLinks(host.links)
        : undefined;
  }

  readonly storesOf = (tenant: string): Stores => this.host.stores(this.storeOf(tenant));

  /** Results may be kept by anyone who may see them: by everybody, or by their tenant's browsers. */
  get cacheControl(): string {
    const scope = this.host.authenticate === undefined ? "public" : "private";
    return `${scope}, max-age=31536000, immutable`;
  }

  /** Whose stores a tenant's are. */
  storeOf(tenant: string): string {
    return this.host.isCacheShared ? "" : tenant;
  }

  view(presentation: Presentation, tenant: string): View {
    const { links } = this;
    return {
      presentation,
      link: (path) => (links === undefined ? path : links.sign(path, tenant)),
    };
  }

  async planContext({ stores }: Pick<Exchange, "stores">): Promise<PlanContext> {
    const { models, decoder, limits } = this.host;
    return { models: await models(), stores, decoder, limits };
  }

  fileContext({ stores }: Pick<Exchange, "stores">): FileContext {
    const { decoder, webp, limits } = this.host;
    return { stores, decoder, webp, renderedPixels: limits.renderedPixels };
  }

  runContext(
    exchange: Pick<Exchange, "id" | "tenant" | "stores" | "traceparent">,
    models: readonly ModelDescription[],
    rest: Pick<RunContext, "signal" | "withRecords"> & { readonly deadline?: number },
  ): RunContext {
    const { compute, log, limits } = this.host;
    const { id, stores, traceparent } = exchange;
    const tenant = this.storeOf(exchange.tenant);
    const { flights } = this;
    const deadline = Date.now() + limits.seconds * 1000;
    return {
      tenant,
      stores,
      compute,
      flights,
      models,
      log,
      request: id,
      traceparent,
      deadline,
      ...rest,
    };
  }
}
