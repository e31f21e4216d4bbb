/** Addresses by request. */
const addresses = new WeakMap<Request, string>();

/** Notes where a request comes from: the other end of its connection, a proxy before this server. */
export function noteAddress(request: Request, address: string | undefined): void {
  addresses.set(request, address ?? "");
}

export function addressOf(request: Request): string {
  return addresses.get(request) ?? "";
}
