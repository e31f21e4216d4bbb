import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundaryOf } from "./boundary.ts";
import { readParts } from "./parts.ts";

async function* inChunks(text: string, size = text.length): AsyncGenerator<Uint8Array> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Name and contents of each part. */
async function read(text: string, size?: number, boundary = "b"): Promise<[string, string][]> {
  const parts: [string, string][] = [];
  for await (const { headers, body } of readParts(inChunks(text, size), boundary)) {
    const chunks = await Array.fromAsync(body);
    const bytes = chunks.flatMap((chunk) => [...chunk]);
    parts.push([headers.get("name") ?? "", String.fromCharCode(...bytes)]);
  }
  return parts;
}

describe("the parts of a multipart body", () => {
  it.each<[string, string, [string, string][]]>([
    ["a plain one", "--b\r\nName: x\r\n\r\nhello\r\n--b--\r\n", [["x", "hello"]]],
    ["no part", "--b--\r\n", []],
    ["no part, as Go writes it", "\r\n--b--\r\n", []],
    ["an empty line first", "\r\n--b\r\nName: x\r\n\r\nhello\r\n--b--", [["x", "hello"]]],
    ["a line end of LF first", "\n--b\r\nName: x\r\n\r\nhello\r\n--b--", [["x", "hello"]]],
    [
      "preamble and epilogue",
      "This is multipart.\n--bb\r\n--b\r\nName: x\r\n\r\nhello\r\n--b--\r\nBye --b\r\n--b\r\n",
      [["x", "hello"]],
    ],
    ["blanks after the boundary", "--b \t\r\nName: x\r\n\r\nhello\r\n--b--  ", [["x", "hello"]]],
    ["no headers", "--b\r\n\r\nhello\r\n--b--", [["", "hello"]]],
    ["an empty part", "--b\r\nName: x\r\n\r\n\r\n--b--", [["x", ""]]],
    ["an empty part without an empty line of its own", "--b\r\nName: x\r\n\r\n--b--", [["x", ""]]],
    ["folded headers", "--b\r\nName:\r\n  x\r\n y\r\n\r\n\r\n--b--", [["x y", ""]]],
    [
      "what is nearly a boundary",
      "--b\r\nName: x\r\n\r\n\r\n--bc\r\n--b-\r\n\r\n--\r\r\n--b x\r\n--b--",
      [["x", "\r\n--bc\r\n--b-\r\n\r\n--\r\r\n--b x"]],
    ],
  ])("%s", async (_, text, expected) => {
    for (let size = 1; size <= text.length; size++)
      expect(await read(text, size)).toEqual(expected);
  });

  it.each([
    ["without the boundary", "hello", "not in it"],
    ["with nothing", "", "not in it"],
    ["that ends in its headers", "--b\r\nName: x", "ends before"],
    ["that ends in a part", "--b\r\n\r\nhello", "ends before"],
    ["that ends in its last boundary", "--b\r\n\r\nhello\r\n--b-", "ends before"],
    ["with endless headers", `--b\r\nName: ${"x".repeat(17_000)}`, "bytes of headers"],
    [
      "with long headers",
      `--b\r\nName: ${"x".repeat(17_000)}\r\n\r\n\r\n--b--`,
      "bytes of headers",
    ],
  ])("a body %s is refused", async (_, text, message) => {
    for (const size of [1, 7, text.length || 1]) {
      await expect(read(text, size)).rejects.toThrow(message);
    }
  });

  it("are those that were written, whatever they contain and however they arrive", async () => {
    const contents = fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc
        .array(fc.constantFrom("\r", "\n", "\r\n", "-", "--", "b", "--b", "\r\n--", " "))
        .map((pieces) => pieces.join("")),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(contents, { maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom("b", "-".repeat(70), "'()+_,-./:=?"),
        async (parts, size, boundary) => {
          fc.pre(parts.every((part) => !`\r\n${part}`.includes(`\r\n--${boundary}`)));
          const body = parts.map((part, i) => `--${boundary}\r\nName: ${i}\r\n\r\n${part}\r\n`);
          const text = `${body.join("")}--${boundary}--\r\n`;
          const expected = parts.map((part, i) => [String(i), part]);
          expect(await read(text, size, boundary)).toEqual(expected);
        },
      ),
    );
  });

  it("may be left unread, from the beginning or in the middle", async () => {
    const text = `--b\r\nName: x\r\n\r\n${"long ".repeat(50)}\r\n--b\r\nName: y\r\n\r\nend\r\n--b--`;
    for (const left of [0, 1, 3]) {
      const names = [];
      for await (const { headers, body } of readParts(inChunks(text, 20), "b")) {
        names.push(headers.get("name"));
        let count = 0;
        for await (const _ of body) if (++count >= left) break;
      }
      expect(names).toEqual(["x", "y"]);
    }
  });

  it("have headers in UTF-8, or else in Latin-1", async () => {
    const utf8 = Buffer.from("Name: 猫\r\n").toString("latin1");
    expect((await read(`--b\r\n${utf8}\r\n\r\n--b--`))[0]![0]).toBe("猫");
    expect((await read("--b\r\nName: caf\xe9\r\n\r\n\r\n--b--"))[0]![0]).toBe("café");
  });
});

describe("the boundary of a content type", () => {
  it.each([
    ["multipart/form-data; boundary=b", "b"],
    ["multipart/form-data;charset=utf-8;BOUNDARY=b; x=y", "b"],
    [`multipart/form-data; boundary="a b:c"`, "a b:c"],
    [`multipart/form-data; boundary=${"a".repeat(71)}`, undefined],
    ["multipart/form-data; boundary=", undefined],
    ["multipart/form-data", undefined],
  ])("%s", (type, expected) => expect(boundaryOf(type)).toBe(expected));
});
