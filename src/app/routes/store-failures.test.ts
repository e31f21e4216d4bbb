import { expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import {
  type GroupStore,
  type ImageStore,
  memoryStores,
  storeUnavailable,
} from "../../group/index.ts";

/** A client of an app whose stores' reads and deletions fail while `isDown`. */
function setUpFailing() {
  const kept = memoryStores();
  const state = { isDown: false };
  const failing = <T extends object>(store: T, methods: readonly (keyof T)[]): T =>
    new Proxy(store, {
      get(target, name) {
        const method = target[name as keyof T];
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (state.isDown && methods.includes(name as keyof T)) throw storeUnavailable("down");
          return method.apply(target, args);
        };
      },
    });
  const reads: (keyof GroupStore)[] = ["result", "isComplete", "mask", "consensus", "delete"];
  const images: (keyof ImageStore)[] = ["get", "has", "put", "delete"];
  const client = setUp({
    stores: (tenant) => {
      const stores = kept(tenant);
      return {
        ...stores,
        groups: failing<GroupStore>(stores.groups, reads),
        images: failing<ImageStore>(stores.images, images),
      };
    },
  });
  return { ...client, state, kept: kept("") };
}

const FILES: [string, string][] = [
  ["a", "image one"],
  ["b", "image two"],
];

it("a read that fails is an honest 503, and removes nothing", async () => {
  const { post, request, state } = setUpFailing();
  const body = await group(await post(FILES));
  const addresses = [
    `/v1/groups/${body.id}`,
    `/v1/groups/${body.id}/consensus`,
    ...body.images.map(({ mask }) => mask.url),
    `/v1/images/${body.images[0]!.sha256}`,
  ];
  state.isDown = true;
  for (const address of addresses) {
    const response = await request(address);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect([address, response.status, (await problem(response)).code]).toEqual([
      address,
      503,
      "store_unavailable",
    ]);
  }
  state.isDown = false;
  for (const address of addresses) {
    expect([address, (await request(address)).status]).toEqual([address, 200]);
  }
});

it("what could not be removed is not said to be", async () => {
  const { post, request, state } = setUpFailing();
  const body = await group(await post(FILES));
  const paths = [`/v1/groups/${body.id}`, `/v1/images/${body.images[0]!.sha256}`];
  for (const [isDown, status] of [
    [true, 503],
    [false, 204],
    [false, 404],
  ] as const) {
    state.isDown = isDown;
    for (const path of paths) {
      expect((await request(path, { method: "DELETE" })).status).toBe(status);
    }
  }
});

it("a group that came with its photographs is computed though nothing can be read", async () => {
  const { post, postJson, put, state, calls, log } = setUpFailing();
  state.isDown = true;
  for (const accept of ["application/json", "application/zip", "text/event-stream"]) {
    const response = await post(FILES, "", { accept });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain("store_unavailable");
  }
  expect(calls).toHaveLength(3);
  expect(log).toContainEqual(expect.objectContaining({ event: "group not looked up" }));
  const named = await postJson({ images: [{ sha256: await digestOf("image one") }] });
  expect([named.status, (await problem(named)).code]).toEqual([503, "store_unavailable"]);
  expect((await put("image one")).status).toBe(503);
});

it("a group of which a part is gone keeps the rest, and is whole again when it is sent again", async () => {
  const { post, request, kept, calls } = setUpFailing();
  const body = await group(await post(FILES));
  const [gone, there] = body.images.map(({ sha256 }) => sha256) as [string, string];
  const url = (image: string) => `/v1/groups/${body.id}/masks/${image}.png`;
  const { masks, consensuses } = kept.groups as unknown as Record<string, Map<string, unknown>>;
  masks!.delete(`${body.id}/${gone}`);
  expect((await request(url(gone))).status).toBe(404);
  expect((await request(url(there))).status).toBe(200);
  expect((await request(`/v1/groups/${body.id}`)).status).toBe(200);
  expect((await group(await post(FILES))).cache).toBe("miss");
  expect((await request(url(gone))).status).toBe(200);
  consensuses!.delete(body.id);
  expect((await group(await post(FILES))).cache).toBe("miss");
  expect((await group(await post(FILES))).cache).toBe("hit");
  expect(calls).toHaveLength(3);
});
