import fc from "fast-check";
import { expect, it } from "vitest";
import { networkOf } from "./networks.ts";

const group = fc.nat(0xffff).map((value) => value.toString(16));
const half = fc.array(fc.oneof(group, fc.constant("0")), { minLength: 4, maxLength: 4 });

/** Those below ::/64 may be IPv4 addresses, which count for themselves. */
const network = half.filter((groups) => groups.some((one) => one !== "0"));

/** Ways in which the same address is written. */
function forms(groups: readonly string[]): string[] {
  const full = groups.join(":");
  const canonical = new URL(`http://[${full}]`).hostname.slice(1, -1);
  const padded = groups.map((one) => one.padStart(4, "0")).join(":");
  return [full, canonical, padded, padded.toUpperCase(), `${canonical}%eth0`];
}

it("is the same for every address below the same 64 bits, however it is written", () => {
  fc.assert(
    fc.property(network, half, half, (network, one, other) => {
      const networks = [...forms([...network, ...one]), ...forms([...network, ...other])];
      expect(new Set(networks.map(networkOf)).size).toBe(1);
    }),
  );
});

it("is another for every other 64 bits", () => {
  fc.assert(
    fc.property(network, network, half, (one, other, host) => {
      const isSame = one.join(":") === other.join(":");
      const [a, b] = [one, other].map((network) => networkOf([...network, ...host].join(":")));
      expect(a === b).toBe(isSame);
    }),
  );
});

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
  ["no:address", "no:address"],
])("%j is %j", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
