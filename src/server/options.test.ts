import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

const SECRET = "s".repeat(32);
const WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const KEY = { hash: "a".repeat(64), id: "k", tenant: "t", scopes: ["read"] };

describe("the server's options", () => {
  it("have defaults for a machine of one's own", () => {
    expect(readOptions([], { XDG_CACHE_HOME: "/cache" })).toEqual({
      runtime: "auto",
      host: "127.0.0.1",
      port: 8788,
      data: "/cache/cosal",
      dataBytes: 10 * 2 ** 30,
    });
  });

  it("come from arguments before the environment", () => {
    const environment = {
      PORT: "1",
      HOST: "0.0.0.0",
      COSAL_DATA: "/a",
      COSAL_DATA_MIB: "2",
      COSAL_BACKEND_SECRET: SECRET,
      API_KEY_LIST: JSON.stringify([KEY]),
      COSAL_STORE: "s3://masks/a?region=auto",
      COSAL_QUEUE: "redis://queue:6379",
      WEBHOOK_HOSTS: "hooks.example",
      WEBHOOK_SECRET,
      COSAL_HOUR_PRICE: "0.79 EUR",
      COSAL_BATCH_BUCKET: "s3://photographs?region=auto",
    };
    const args = ["--port", "0", "--runtime", "wasm", "--data", "/b", "--jobs", "0"];
    expect(readOptions(args, environment)).toEqual({
      ...{ runtime: "wasm", host: "0.0.0.0", port: 0, data: "/b", dataBytes: 2 ** 21 },
      ...{ secret: SECRET, keys: [KEY], hourPrice: { amount: 0.79, currency: "EUR" } },
      queue: "redis://queue:6379",
      jobs: 0,
      batchBucket: { bucket: "photographs", prefix: "", region: "auto" },
      webhooks: { secret: WEBHOOK_SECRET, hosts: ["hooks.example"] },
      store: { bucket: "masks", prefix: "a/", region: "auto" },
    });
    expect(readOptions(["--help"], {})).toBe("help");
  });

  it.each([
    [["--runtime", "cuda"], {}, "webgpu, native, wasm, auto but received cuda"],
    [["--port", "70000"], {}, "0 to 65535"],
    [[], { PORT: "x" }, "received x"],
    [[], { COSAL_HOUR_PRICE: "79 cents" }, "received 79 cents"],
    [[], { COSAL_BACKEND_SECRET: "short" }, "32 characters"],
    [["--host", "0.0.0.0"], {}, "reached from other machines"],
    [[], { API_KEY_LIST: "[{}]" }, "JSON array"],
    [[], { COSAL_QUEUE: "queue:6379" }, "COSAL_QUEUE to be redis://"],
    [[], { COSAL_QUEUE: "redis://queue" }, "needs COSAL_STORE"],
    [[], { WEBHOOK_HOSTS: "hooks.example" }, "needs a WEBHOOK_SECRET"],
    [[], { WEBHOOK_HOSTS: "hooks.example", WEBHOOK_SECRET }, "needs COSAL_QUEUE"],
    [["--jobs", "65"], {}, "0 to 64"],
    [[], { COSAL_STORE: "masks" }, "COSAL_STORE to be s3://bucket"],
    [[], { COSAL_PROXIES: "10.0.0.0/8,proxy" }, "received proxy"],
    [["--unknown"], {}, "unknown"],
  ])("refuse %j %j", (args, environment, message) => {
    expect(() => readOptions(args, environment)).toThrow(message);
  });

  it("do not repeat a secret that they cannot read", () => {
    expect(() => readOptions([], { API_KEY_LIST: "cosal_secret" })).not.toThrow("cosal_secret");
  });
});
