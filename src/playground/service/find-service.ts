/** Whether this page's origin has a service. A folder of static files has none. */
export async function findService(): Promise<boolean> {
  const response = await fetch("/v1/limits").catch(() => undefined);
  const type = response?.headers.get("content-type") ?? "";
  return /^application\/(problem\+)?json/.test(type) && response?.status !== 404;
}
