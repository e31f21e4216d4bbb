import type { ModelDescription } from "../../engine/index.ts";
import type { StoresOf } from "../../group/index.ts";
import { SignedLinks } from "../access/links.ts";
import { networkOf } from "../access/networks.ts";
import type { PlanContext } from "../compute/plan.ts";
import type { RunContext } from "../compute/run.ts";
import { memorySingleFlight, type SingleFlight } from "../compute/single-flight.ts";
import type { FileContext } from "../representation/files.ts";
import type { View } from "../representation/group-body.ts";
import { type Render, type Requester, renderer } from "../representation/renderer.ts";
import { RenditionCache } from "../representation/rendition-cache.ts";
import { SendBuffers } from "../representation/send-buffers.ts";
import type { Sending } from "../representation/send-file.ts";
import type { Presentation } from "../representation/variants.ts";
import { RequestMemory } from "../upload/index.ts";
import type { AppDependencies } from "./dependencies.ts";
import type { RequestContext } from "./request-context.ts";

/** State that the routes share: the host's interfaces, and values kept between requests. */
export class Service {
  readonly host: AppDependencies;
  readonly singleFlight: SingleFlight;
  readonly renditions: RenditionCache;
  readonly render: Render;
  readonly sendBuffers: SendBuffers;
  readonly memory: RequestMemory;
  readonly links: SignedLinks | undefined;

  constructor(host: AppDependencies) {
    this.host = host;
    this.singleFlight = host.singleFlight ?? memorySingleFlight();
    this.renditions = new RenditionCache(host.renditionBytes);
    this.render = host.render ?? renderer({ decoder: host.decoder });
    this.sendBuffers = new SendBuffers(host.limits.memoryBytes);
    this.memory = new RequestMemory(host.limits.sharedMemoryBytes);
    this.links =
      host.links !== undefined && host.authenticate !== undefined
        ? new SignedLinks(host.links)
        : undefined;
  }

  readonly storesOf: StoresOf = (tenant, keep) => this.host.stores(this.storeOf(tenant), keep);

  /** `public` without authentication. With it, only browsers of the tenant may cache results. */
  get cacheControl(): string {
    const scope = this.host.authenticate === undefined ? "public" : "private";
    return `${scope}, max-age=31536000, immutable`;
  }

  /** The tenant whose stores a tenant uses. */
  storeOf(tenant: string): string {
    return this.host.isCacheShared ? "" : tenant;
  }

  view(presentation: Presentation, tenant: string): View {
    return { presentation, link: this.linkOf(tenant) };
  }

  /** Signs links to a tenant's files, where links are signed. */
  linkOf(tenant: string): View["link"] {
    const { links } = this;
    return (path) => (links === undefined ? path : links.sign(path, tenant));
  }

  async planContext({ stores }: Pick<RequestContext, "stores">): Promise<PlanContext> {
    const { models, decoder, limits } = this.host;
    return { models: await models(), stores, decoder, limits };
  }

  /** The caller of a request, for fair shares: its tenant or, without tenants, its network. */
  callerOf(request: Request, { tenant }: Pick<RequestContext, "tenant">): string {
    return tenant || networkOf(this.host.addressOf?.(request) ?? "");
  }

  get sending(): Sending {
    return { buffers: this.sendBuffers, withLength: this.host.withLength };
  }

  requesterOf(request: Request, context: Pick<RequestContext, "tenant">): Requester {
    return { caller: this.callerOf(request, context), signal: request.signal };
  }

  fileContext({ stores }: Pick<RequestContext, "stores">, requester: Requester): FileContext {
    const { renderedPixels } = this.host.limits;
    return { stores, render: this.render, requester, renderedPixels };
  }

  runContext(
    requestContext: Pick<RequestContext, "id" | "tenant" | "stores" | "traceparent">,
    models: readonly ModelDescription[],
    rest: Pick<RunContext, "signal" | "caller" | "withRecords" | "isBackground"> & {
      readonly deadline?: number;
    },
  ): RunContext {
    const { compute, log, limits } = this.host;
    const { id, stores, traceparent } = requestContext;
    const tenant = this.storeOf(requestContext.tenant);
    const { singleFlight } = this;
    const deadline = Date.now() + limits.seconds * 1000;
    return {
      tenant,
      stores,
      compute,
      singleFlight,
      models,
      log,
      request: id,
      traceparent,
      deadline,
      ...rest,
    };
  }
}
