import { describe, expect, it } from "vitest";
import { group, problem, setUp } from "../../../test/app-client.ts";

describe("a form", () => {
  const file = (text: string, name: string) =>
    `--b\r\nContent-Disposition: form-data; name="image"; filename="${name}"\r\n\r\n${text}\r\n`;
  const send = (body: BodyInit) =>
    setUp().request("/v1/groups", {
      ...{ method: "POST", body, duplex: "half" },
      headers: { "content-type": "multipart/form-data; boundary=b" },
    } as RequestInit);
  const idsOf = async (body: BodyInit) => {
    const response = await send(body);
    expect(response.status).toBe(200);
    return (await group(response)).images.map(({ id }) => id);
  };
  const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  it.each([
    ["an empty line", "\r\n"],
    ["a preamble", "This is a form.\r\nThis --b is no boundary.\r\n"],
  ])("may begin with %s", async (_, preamble) => {
    const body = `${preamble}${file("image one", "a.jpg")}${file("image two", "b.jpg")}--b--\r\nEnd`;
    expect(await idsOf(body)).toEqual(["a.jpg", "b.jpg"]);
  });

  it.each([
    [String.raw`C:\fakepath\cat.jpg`, String.raw`C:\fakepath\cat.jpg`],
    [String.raw`a\"b.jpg`, 'a"b.jpg'],
    ["caf\xe9.jpg", "café.jpg"],
    ["\xff\xfe", "ÿþ"],
    ["\xe7\x8c\xab.jpg", "猫.jpg"],
  ])("may name a file %j", async (name, id) => {
    expect(await idsOf(latin1(`${file("image", name)}--b--\r\n`))).toEqual([id]);
  });

  it.each([
    ["Go writes it", "\r\n--b--\r\n"],
    ["browsers write it", "--b--\r\n"],
    ["browsers write an input without a file", `${file("", "")}--b--\r\n`],
  ])("is empty as %s", async (_, body) => {
    const response = await send(body);
    expect([response.status, (await problem(response)).code]).toEqual([400, "group_empty"]);
  });

  it("may arrive in pieces of any size", async () => {
    const bytes = latin1(`${file(`image ${"x".repeat(10_000)}`, "a.jpg")}--b--\r\n`);
    let at = 0;
    let size = 0;
    const body = new ReadableStream({
      pull(controller) {
        size = (size % 60) + 1;
        const piece = bytes.subarray(at, at + size);
        at += size;
        controller.enqueue(piece);
        if (at >= bytes.length) controller.close();
      },
    });
    expect(await idsOf(body)).toEqual(["a.jpg"]);
  });
});
