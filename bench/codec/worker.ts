// Runs a subject as often as asked. A Worker's clock stands still while it computes, so whoever asks
// has to look at his own.
import webp from "@jsquash/webp/codec/enc/webp_enc_simd.wasm";
import { workerdDecoder } from "../../src/codec/workerd.ts";
import { decoding, rendering, type Subject } from "./subjects.ts";

let subjects = new Map<string, Subject>();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [width, height] = [Number(searchParams.get("width")), Number(searchParams.get("height"))];
    if (pathname === "/files") {
      const form = await request.formData();
      const files = new Map<string, Uint8Array>();
      for (const [name, file] of form) {
        files.set(name, new Uint8Array(await (file as unknown as File).arrayBuffer()));
      }
      subjects = decoding(workerdDecoder(), files);
    } else if (pathname === "/masks") subjects = rendering(width, height, webp);
    else {
      const subject = subjects.get(searchParams.get("name") ?? "");
      for (let i = Number(searchParams.get("runs")); i > 0; i--) await subject?.();
    }
    return Response.json([...subjects.keys()]);
  },
};
