import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../test/app-client.ts";

describe("event stream", () => {
  const accept = { accept: "text/event-stream" };
  const parse = (text: string) =>
    text
      .split("\n\n")
      .filter(Boolean)
      .map((block) => {
        const [event, data] = block.split("\n").map((line) => line.replace(/^\w+: /, ""));
        return { event, data: JSON.parse(data!) };
      });

  it("tells each step and ends with the same body as the JSON answer", async () => {
    const { post } = setUp();
    const files: [string, string][] = [
      ["b.jpg", "image two"],
      ["a.jpg", "image one"],
      ["c.jpg", "image one"],
    ];
    const response = await post(files, "", accept);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("content-location")).toMatch(/^\/v1\/groups\/[0-9a-f]{64}$/);
    expect(response.headers.get("x-request-id")).toMatch(/^\S+$/);
    const events = parse(await response.text());
    const progress = events.filter(({ event }) => event === "progress");
    expect(progress.map(({ data }) => [data.done, data.total])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const named = events.filter(({ event }) => event === "image").map(({ data }) => data.id);
    expect(named.sort()).toEqual(["a.jpg", "b.jpg", "c.jpg"]);
    const again = await group(await post(files));
    expect(events.at(-1)).toEqual({ event: "result", data: { ...again, cache: "miss" } });
  });

  it("answers an error with its status as long as nothing was sent", async () => {
    const { post } = setUp();
    const response = await post([["a.jpg", "text"]], "", accept);
    expect(response.status).toBe(415);
    expect(await problem(response)).toMatchObject({ code: "image_type_unsupported" });
  });

  it("sends an error as an event after that", async () => {
    const { post } = setUp();
    // The fake reads in the order of digests: the good one has to come first.
    const good = await digestOf("image one");
    let broken = "image broken";
    while ((await digestOf(broken)) < good) broken += "!";
    const files = ["image one", broken].map((text) => [text, text] as [string, string]);
    const events = parse(await (await post(files, "", accept)).text());
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: { code: "image_undecodable", errors: [{ pointer: "#/images/1", image: broken }] },
    });
  });

  it("stops computing when the reader leaves", async () => {
    const { app, post, store } = setUp();
    const files = Array.from({ length: 60 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    const response = await post(files, "", accept);
    await response.body!.cancel();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(store.results.size).toBe(0);
    expect((await app.request("/healthz")).status).toBe(200);
    expect((await post([["a.jpg", "image one"]])).status).toBe(200);
  });
});
