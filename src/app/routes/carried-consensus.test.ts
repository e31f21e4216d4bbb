import { describe, expect, it } from "vitest";
import { digestOf, form, group, problem, setUp } from "../../../test/app-client.ts";
import { encodeConsensus } from "../../engine/index.ts";
import { groupId, optionsOf } from "../../group/index.ts";
import { ANONYMOUS } from "../access/guard.ts";

describe("with the consensus of a group that is not stored", () => {
  const of = "9".repeat(64);
  const bodyWith = (model: string) => {
    const data = new Float32Array(8);
    const body = form([["frame.jpg", "image of a frame"]]);
    body.append("consensus", new Blob([encodeConsensus({ model, shape: [2, 4], data })]));
    return body;
  };
  const worker = async () => ({ ...ANONYMOUS, isWorker: true });
  const path = `/v1/groups/${of}/images`;

  it("masks photographs for a Worker, at once", async () => {
    const { request } = setUp({ authenticate: worker });
    const headers = { prefer: "respond-async" };
    const body = bodyWith("f".repeat(64));
    const response = await request(path, { method: "POST", body, headers });
    expect(response.status).toBe(200);
    const expected = {
      model: "f".repeat(64),
      options: optionsOf({ onError: "fail", detail: "normal" }),
      consensusOf: of,
    };
    const images = [await digestOf("image of a frame")];
    const id = await groupId({ ...expected, images });
    expect(await group(response)).toMatchObject({ id, consensus_of: of });
  });

  it("does not, with another model's", async () => {
    const { request } = setUp({ authenticate: worker });
    const body = bodyWith("e".repeat(64));
    const response = await request(path, { method: "POST", body });
    expect((await problem(response)).code).toBe("consensus_incompatible");
  });

  it("does not, with one that is none", async () => {
    const { request } = setUp({ authenticate: worker });
    const body = form([["frame.jpg", "image of a frame"]]);
    body.append("consensus", new Blob(["none"]));
    const response = await request(path, { method: "POST", body });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });

  it("does not for anybody else", async () => {
    const { request, post } = setUp();
    const init = { method: "POST", body: bodyWith("f".repeat(64)) };
    expect((await problem(await request(path, init))).code).toBe("not_found");
    const stored = await group(await post([["a.jpg", "image one"]]));
    const again = { method: "POST", body: bodyWith("f".repeat(64)) };
    const response = await request(`/v1/groups/${stored.id}/images`, again);
    expect((await problem(response)).code).toBe("option_invalid");
  });

  it("does not make a group of its own of it", async () => {
    const { request } = setUp({ authenticate: worker });
    const response = await request("/v1/groups", {
      method: "POST",
      body: bodyWith("f".repeat(64)),
    });
    expect((await problem(response)).code).toBe("option_invalid");
  });
});
