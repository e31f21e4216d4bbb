import { CosalError } from "../../errors.ts";
import type { Group } from "../compute/plan.ts";
import type { Step } from "../compute/run.ts";
import type { RequestContext } from "../context/request-context.ts";
import type { Service } from "../context/service.ts";
import { MAX_INLINE_BYTES } from "../limits.ts";
import { CONSENSUS_TYPE } from "../media-types.ts";
import { type Problem, problemOf } from "../problems/index.ts";
import { archiveNames } from "../representation/archive-names.ts";
import { EventCursor } from "../representation/event-cursor.ts";
import { eventsOf } from "../representation/events.ts";
import { type FileContext, renderFile } from "../representation/files.ts";
import { groupBody, type View } from "../representation/group-body.ts";
import type { Part } from "../representation/multipart.ts";
import type { SendBuffer } from "../representation/send-buffers.ts";
import type { ServerSentEvent } from "../representation/sse.ts";
import { lookOfGroup, showsObject } from "../representation/studio.ts";
import {
  expectedBytes,
  type Presentation,
  typeOf,
  type Variant,
} from "../representation/variants.ts";
import type { GroupBody } from "../schemas/group.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Steps = AsyncIterable<Step>;
type Found = Extract<Step, { type: "mask" }>;

export interface ResponseParts {
  readonly group: Group;
  readonly presentation: Presentation;
  readonly files: FileContext;
  readonly buffer: SendBuffer;
}

/**
 * Writes the steps of one group in each response type. Files are rendered lazily: the next one when
 * the reader asks for more.
 */
export class ResponseWriter {
  readonly #service: Service;
  readonly #requestContext: RequestContext;
  readonly #group: Group;
  readonly #presentation: Presentation;
  /** The variant of the files, with the group's scale if they have one. */
  #main: Variant;
  readonly #view: View;
  readonly #files: FileContext;
  readonly #buffer: SendBuffer;
  /** The main file of each image, if the JSON contains the files. */
  readonly #inline = new Map<string, Bytes>();
  #inlineBytes = 0;

  constructor(
    service: Service,
    requestContext: RequestContext,
    { group, presentation, files, buffer }: ResponseParts,
  ) {
    this.#service = service;
    this.#requestContext = requestContext;
    this.#group = group;
    this.#presentation = presentation;
    this.#main = presentation.main;
    this.#view = service.view(presentation, requestContext.tenant);
    this.#files = files;
    this.#buffer = buffer;
  }

  /** The JSON body, after all steps. */
  async json(steps: Steps): Promise<GroupBody> {
    for await (const step of this.#scaled(steps)) {
      if (step.type === "mask") await this.#keepInline(step);
      if (step.type === "done") return this.#body(step);
    }
    throw new Error("a group ended without a result");
  }

  /** Server-sent events, without images that the reader already has. */
  async *events(steps: Steps, lastEventId: string | undefined): AsyncGenerator<ServerSentEvent> {
    const cursor = new EventCursor(this.#group, lastEventId);
    const events = eventsOf(this.#group, this.#view);
    try {
      for await (const step of this.#presentation.isInline ? this.#scaled(steps) : steps) {
        if (step.type === "mask") {
          await this.#keepInline(step);
          const { sha256 } = step.image;
          if (cursor.has(sha256)) continue;
          const ofImage = await events(step);
          const id = cursor.advance(sha256);
          // A photograph that was sent twice has two events. Only the last one advances the cursor.
          for (const event of ofImage.slice(0, -1)) yield event;
          for (const event of ofImage.slice(-1)) yield { ...event, id };
        } else yield* await events(step);
        if (step.type === "done") yield { event: "result", data: await this.#body(step) };
      }
    } catch (error) {
      yield { event: "error", data: this.logFailure(error) };
    }
  }

  /**
   * Files under the images' names, and the JSON body last, which maps images to files. A failure
   * ends the archive early.
   */
  async *archive(steps: Steps): AsyncGenerator<{ name: string; input: Bytes | string }> {
    const { kind, suffix } = this.#presentation.main;
    const { sent } = this.#group;
    const names = archiveNames(sent, suffix);
    for await (const step of this.#scaled(steps)) {
      if (step.type === "mask" && this.#isShown(step.result)) {
        const input = await this.#file(step);
        for (const { id, sha256 } of sent) {
          if (sha256 === step.image.sha256) yield { name: `${kind}/${names.get(id)}`, input };
        }
      }
      if (step.type === "done") {
        const body = await this.#body(step);
        const images = body.images.map((image) =>
          this.#isShown(image) ? { ...image, file: `${kind}/${names.get(image.id)}` } : image,
        );
        const text = JSON.stringify({ ...body, images }, undefined, 2);
        yield { name: "result.json", input: `${text}\n` };
      }
    }
  }

  /**
   * A part for each photograph, named by its SHA-256, as soon as it is ready; then one for the
   * consensus, and the JSON body last. After a failure, the last part is the problem.
   */
  async *parts(steps: Steps): AsyncGenerator<Part> {
    try {
      for await (const step of this.#scaled(steps)) {
        if (step.type === "consensus") {
          yield { type: CONSENSUS_TYPE, fileName: "consensus", body: step.consensus };
        }
        if (step.type === "mask" && this.#isShown(step.result)) {
          const type = typeOf(this.#presentation.main);
          yield { type, fileName: step.image.sha256, body: await this.#file(step) };
        }
        if (step.type === "done") {
          yield { type: "application/json", body: JSON.stringify(await this.#body(step)) };
        }
      }
    } catch (error) {
      yield { type: "application/problem+json", body: JSON.stringify(this.logFailure(error)) };
    }
  }

  /** Logs a failure in the middle of a response, after its status has been sent. */
  logFailure(error: unknown): Problem {
    const { id, tenant, route } = this.#requestContext;
    const problem = problemOf(error, id);
    const level = problem.status >= 500 ? "error" : "info";
    this.#service.host.log({
      ...{ level, event: "answer broken off", request: id, tenant, route, problem: problem.code },
      ...(level === "error" && { error }),
    });
    return problem;
  }

  /** Yields the steps. If pictures share one scale, masks come after all of the group are known. */
  async *#scaled(steps: Steps): AsyncGenerator<Step> {
    const { studio } = this.#main;
    const masks: Found[] = [];
    for await (const step of steps) {
      if (step.type === "mask" && studio?.scale === "set") masks.push(step);
      else {
        if (step.type === "done" && studio !== undefined) {
          this.#main = { ...this.#main, studio: lookOfGroup(studio, step.result.images) };
          yield* masks;
        }
        yield step;
      }
    }
  }

  /** Whether a photograph has a file in this response. */
  #isShown(image: Parameters<typeof showsObject>[0]): boolean {
    return this.#main.studio === undefined || showsObject(image);
  }

  /** @throws CosalError option_invalid when the files together are too large */
  async #keepInline(step: Found): Promise<void> {
    if (!this.#presentation.isInline || step.record === undefined) return;
    if (!this.#isShown(step.result)) return;
    if (this.#inline.size === 0) await this.#buffer.reserve(MAX_INLINE_BYTES);
    const file = await this.#render(step);
    this.#inlineBytes += file.length;
    if (this.#inlineBytes > MAX_INLINE_BYTES) throw tooLargeInline(this.#inlineBytes);
    this.#inline.set(step.image.sha256, file);
  }

  /** Renders one file, after the caller has read enough of the previous ones. */
  async #file(step: Found): Promise<Bytes> {
    const main = this.#main;
    if (main.suffix === "logits") return step.record as Bytes;
    await this.#buffer.reserve(expectedBytes(main, step.result));
    const file = await this.#render(step);
    this.#buffer.resize(file.length);
    return file;
  }

  #render({ image, record }: Found): Promise<Bytes> {
    return renderFile(image.sha256, record as Bytes, this.#main, this.#files);
  }

  #body({ result, cache }: Extract<Step, { type: "done" }>): Promise<GroupBody> {
    return groupBody(result, cache, this.#group.sent, this.#view, this.#inline);
  }
}

function tooLargeInline(actual: number): CosalError {
  return new CosalError(
    "option_invalid",
    `Files in the JSON may have ${MAX_INLINE_BYTES} bytes together. Ask for links (inline=none) or a ZIP archive.`,
    { limit: { name: "bytes", limit: MAX_INLINE_BYTES, actual } },
  );
}
