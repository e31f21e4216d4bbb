import { afterAll, expect, it } from "vitest";
import { setUp } from "../../test/app-client.ts";
import { listening } from "../../test/client/listening.ts";
import { nodeDecoder } from "../codec/node.ts";
import { Cosal, type Resize } from "./index.ts";

const { app } = setUp();
const sent: number[] = [];
const service = await listening(async (request) => {
  if (request.method === "PUT") sent.push((await request.clone().arrayBuffer()).byteLength);
  return app.request(request);
});
afterAll(() => service.close());
const cosal = new Cosal({ url: service.url });
const photograph = new File(["image ".padEnd(5000, "large ")], "a.jpg");

/** The service takes it for one of 9 x 8 pixels. */
const resize: Resize = async (file, longest) => {
  expect([file.size, longest]).toEqual([5000, 640]);
  return { file: new Blob(["image one"]), width: 180, height: 160 };
};

it("sends reduced photographs, and gives masks of the photographs' own size", async () => {
  const { masks } = await cosal.group([photograph], { resize });
  expect(sent).toEqual([9]);
  const [mask] = masks;
  expect(mask).toMatchObject({ id: "a.jpg", width: 180, height: 160 });
  const [, , width, height] = mask?.box ?? [];
  expect([width, height]).toEqual([60, 80]);
  const { data, ...size } = await nodeDecoder().decode((await mask?.bytes("png")) as Uint8Array);
  expect(size).toMatchObject({ width: 180, height: 160 });
  expect([data[0], data[4 * 179]]).toEqual([expect.toSatisfy((v) => v > 250), 0]);
  const rle = JSON.parse(new TextDecoder().decode(await mask?.bytes("rle")));
  expect(rle.size).toEqual([160, 180]);
});

it("says what is missing: a canvas here, a mask where pixels are marked", async () => {
  await expect(cosal.group([photograph], { resize: true })).rejects.toThrow(/canvas/);
  const seeds = [{ image: 0, point: [1, 1] as [number, number] }];
  await expect(cosal.group([photograph], { resize, seeds })).rejects.toThrow(/PNG/);
});
