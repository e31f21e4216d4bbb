/**
 * Returns the boundary of a multipart content type (RFC 2046, 5.1.1): 1 to 70 characters. Undefined
 * if there is none.
 */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70})(?=[\s;]|$))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}
