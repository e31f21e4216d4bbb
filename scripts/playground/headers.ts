import { PAGE_HEADERS } from "../../src/app/routes/page-headers.ts";

/** The page with its Content-Security-Policy inside: for hosts that send no headers. */
export function withPolicy(html: string): string {
  // What a `meta` cannot say (https://www.w3.org/TR/CSP3/#meta-element).
  const policy = PAGE_HEADERS["content-security-policy"].replace(/;\s*frame-ancestors [^;]*/, "");
  return html.replace(
    "<head>",
    `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`,
  );
}

/** Headers in the form that Cloudflare Pages, Netlify and others read from a file `_headers`. */
export function headersFile(): string {
  const lines = Object.entries(PAGE_HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  return `/*\n${lines.join("\n")}\n`;
}
