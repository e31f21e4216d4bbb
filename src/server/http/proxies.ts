import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Proxies of this deployment, whose `X-Forwarded-For` is trusted. */
export class Proxies {
  readonly #list = new BlockList();

  /**
   * @param text addresses and networks, `10.0.0.0/8,2001:db8::1`
   *
   * @throws TypeError for anything else
   */
  constructor(text = "") {
    for (const entry of text.split(",").map((part) => part.trim())) {
      if (entry !== "") this.#add(entry);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  /**
   * The address of the caller: the peer's address or, while that is a proxy, the address that the proxy
   * has added to `X-Forwarded-For`. Anybody can write addresses before that.
   */
  clientOf({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): string {
    let address = socket.remoteAddress ?? "";
    const hops = String(headers["x-forwarded-for"] ?? "").split(",");
    while (this.has(address)) {
      const hop = hops.pop()?.trim() ?? "";
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  }

  #add(entry: string): void {
    const [, address = "", prefix] = /^([^/]+)(?:\/(\d+))?$/.exec(entry) ?? [];
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix);
    if (version === 0 || length > bits) {
      throw new TypeError(
        `Expected COSAL_PROXIES to be addresses or networks as 10.0.0.0/8, with commas between them, but received ${entry}`,
      );
    }
    this.#list.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
  }
}
