/**
 * The network of an address: an IPv4 address itself, or the first 64 bits of an IPv6 address, since a
 * subscriber can use any address below them (RFC 6177). `2001:db8:1:2:3:4:5:6` gives
 * `2001:db8:1:2::/64`. A text that is not an address is returned unchanged.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  // A zone is local to this machine (RFC 4007). The URL parser returns the canonical form.
  const canonical = URL.parse(`http://[${address.replace(/%.*/, "")}]`)?.hostname.slice(1, -1);
  if (canonical === undefined) return address;
  const [head, tail] = canonical.split("::").map((half) => half.split(":").filter(Boolean));
  const left = head ?? [];
  const right = tail ?? [];
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  const groups = [...left, ...zeros, ...right];
  const isMapped = groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
  if (isMapped) return groups.slice(6).flatMap(bytesOf).join(".");
  return `${groups.slice(0, 4).join(":")}::/64`;
}

function bytesOf(group: string): [number, number] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
