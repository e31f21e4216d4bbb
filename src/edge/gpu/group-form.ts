import type { ComputeJob } from "../../app/index.ts";
import { CONSENSUS_TYPE } from "../../app/media-types.ts";

/** A piece of a form: bytes, or a photograph that is streamed from the store to the server. */
export type Piece = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** A `multipart/form-data` body (RFC 7578) that can be read more than once. */
export interface GroupForm {
  readonly contentType: string;
  /** Yields the pieces in order. Each photograph is opened when its piece is reached. */
  pieces(): AsyncIterable<Piece>;
}

/**
 * A group as `POST /v1/groups` accepts it: options and photographs, which are named by their SHA-256.
 * It can include the consensus of another group, which a server accepts only from its Workers.
 */
export function groupForm(job: ComputeJob): GroupForm {
  const boundary = `cosal-${crypto.randomUUID()}`;
  const options = {
    model: job.model.name,
    on_error: job.onError,
    ...(job.detail !== "normal" && { detail: job.detail }),
    ...(job.seedRequests.length > 0 && { seeds: job.seedRequests }),
  };
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    async *pieces() {
      yield text(head(boundary, `name="options"`, "application/json"));
      yield text(JSON.stringify(options));
      if (job.consensus !== undefined) {
        yield text(
          `\r\n${head(boundary, `name="consensus"; filename="consensus"`, CONSENSUS_TYPE)}`,
        );
        yield job.consensus.bytes;
      }
      for (const image of job.images) {
        const disposition = `name="image"; filename="${image.sha256}"`;
        yield text(`\r\n${head(boundary, disposition, "application/octet-stream")}`);
        yield await (image.stream?.() ?? image.load());
      }
      yield text(`\r\n--${boundary}--\r\n`);
    },
  };
}

function head(boundary: string, disposition: string, type: string): string {
  return `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\ncontent-type: ${type}\r\n\r\n`;
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}
