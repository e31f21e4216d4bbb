// Readers of variables that several hosts have. Each throws a TypeError for an invalid value. The
// message says what to write and has no secret.

/** Splits a comma-separated list. */
export function entries(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Reads a list of host names as in a URL: in lower case, without a port. */
export function hostNames(name: string, list: string | undefined): string[] {
  return entries(list).map((entry) => {
    const host = entry.toLowerCase();
    const isName = /^[a-z0-9.-]+$/.test(host) && URL.parse(`https://${host}/`)?.host === host;
    if (isName) return host;
    throw new TypeError(
      `Expected names of hosts in ${name}, such as images.example.com, but received ${entry}`,
    );
  });
}

/** Hosts that webhooks may be sent to, and the secret that signs them. */
export interface WebhookVariables {
  readonly WEBHOOK_SECRET?: string | undefined;
  readonly WEBHOOK_HOSTS?: string | undefined;
}

/** The secret of webhooks, in the form of Standard Webhooks. */
export function webhookSecret({
  WEBHOOK_SECRET: secret,
  WEBHOOK_HOSTS: hosts,
}: WebhookVariables): string | undefined {
  if (!secret) {
    if (entries(hosts).length === 0) return undefined;
    throw new TypeError(`WEBHOOK_HOSTS needs a WEBHOOK_SECRET: ${WEBHOOK_SECRET_FORM}`);
  }
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const bytes = base64 === undefined || base64.length % 4 !== 0 ? 0 : atob(base64).length;
  if (bytes >= 24 && bytes <= 64) return secret;
  throw new TypeError(`Expected another WEBHOOK_SECRET: ${WEBHOOK_SECRET_FORM}`);
}

const WEBHOOK_SECRET_FORM =
  "whsec_ and base64 of 24 to 64 random bytes, as of `openssl rand -base64 32`";
