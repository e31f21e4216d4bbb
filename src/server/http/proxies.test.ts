import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { Proxies } from "./proxies.ts";

const asked = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

describe("proxies", () => {
  const proxies = new Proxies("10.0.0.0/8, 192.0.2.1,2001:db8::/32");

  it.each([
    ["10.1.2.3", "198.51.100.7", "198.51.100.7"],
    ["::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7"],
    ["2001:db8::5", "2001:db9::7", "2001:db9::7"],
    // What a caller writes stands before what the proxies add.
    ["10.1.2.3", "203.0.113.1, 198.51.100.7", "198.51.100.7"],
    ["10.1.2.3", "203.0.113.1,198.51.100.7,192.0.2.1", "198.51.100.7"],
    ["10.1.2.3", "10.0.0.1, 10.0.0.2", "10.0.0.1"],
  ])("%s: who is passed on (%s) counts", (address, forwarded, client) => {
    expect(proxies.clientOf(asked(address, forwarded))).toBe(client);
  });

  it.each([
    ["198.51.100.7", "203.0.113.1"],
    ["192.0.2.2", "203.0.113.1"],
    ["10.1.2.3", undefined],
    ["10.1.2.3", "unknown"],
    ["10.1.2.3", "203.0.113.1, "],
  ])("%s with %s: the connection counts", (address, forwarded) => {
    expect(proxies.clientOf(asked(address, forwarded))).toBe(address);
  });

  it("are none where none are named", () => {
    expect(new Proxies().clientOf(asked("127.0.0.1", "203.0.113.1"))).toBe("127.0.0.1");
  });

  it.each(["proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/x", "::/129"])(
    "%s is refused",
    (text) => {
      expect(() => new Proxies(text)).toThrow("COSAL_PROXIES");
    },
  );
});
