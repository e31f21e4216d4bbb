/** Addresses by request. */
const addresses = new WeakMap<Request, string>();

/** Stores the address that a request comes from: a peer's, or a proxy's in front of this server. */
export function noteAddress(request: Request, address: string | undefined): void {
  addresses.set(request, address ?? "");
}

export function addressOf(request: Request): string {
  return addresses.get(request) ?? "";
}
