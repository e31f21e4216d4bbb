/** A parsed `Content-Disposition` of a part (RFC 7578, 4.2). */
export interface Disposition {
  /** `form-data` or `attachment`, in lower case. */
  readonly type: string;
  readonly name?: string;
  readonly fileName?: string;
}

/**
 * Parses a `Content-Disposition` as programs really write it. Browsers escape three characters (`%22`,
 * `%0D` and `%0A`; HTML standard, 4.10.22.8) and do not escape backslashes. Most libraries write a
 * quoted string, in which a backslash precedes `"` and `\` (RFC 9110, 5.6.4). So these two pairs are
 * unescaped, and every other backslash is literal. A valid `filename*` (RFC 8187) takes precedence
 * over `filename`. Never throws: invalid parameters are ignored.
 */
export function parseDisposition(header: string): Disposition {
  const [type = ""] = header.split(";", 1);
  const parameters = parametersOf(header.slice(type.length));
  const name = parameters.get("name");
  const fileName = extended(parameters.get("filename*")) ?? parameters.get("filename");
  return {
    type: type.trim().toLowerCase(),
    ...(name !== undefined && { name: unescaped(name) }),
    ...(fileName !== undefined && { fileName: unescaped(fileName) }),
  };
}

function parametersOf(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const start = /[;\s]*([^\s=;"]+)\s*=\s*(")?/y;
  for (;;) {
    const match = start.exec(text);
    if (match === null) return parameters;
    const name = (match[1] as string).toLowerCase();
    const { value, end } = match[2] ? quoted(text, start.lastIndex) : token(text, start.lastIndex);
    if (!parameters.has(name)) parameters.set(name, value);
    start.lastIndex = end;
  }
}

function token(text: string, begin: number): { value: string; end: number } {
  const semicolon = text.indexOf(";", begin);
  const end = semicolon === -1 ? text.length : semicolon;
  return { value: text.slice(begin, end).trim(), end };
}

function quoted(text: string, begin: number): { value: string; end: number } {
  let value = "";
  for (let i = begin; i < text.length; i++) {
    const next = text[i + 1];
    // If the name ends with a backslash, the quote after it is the closing one.
    const isPair = text[i] === "\\" && (next === '"' || next === "\\") && text.includes('"', i + 2);
    if (isPair) value += text[++i];
    else if (text[i] === '"') return { value, end: i + 1 };
    else value += text[i];
  }
  return { value, end: text.length };
}

/** Decodes e.g. `UTF-8''na%C3%AFve.jpg`. Undefined if it is invalid. */
function extended(value: string | undefined): string | undefined {
  const match = /^([^']*)'[^']*'(.*)$/s.exec(value ?? "");
  if (match === null) return undefined;
  const [, charset = "", text = ""] = match;
  if (/^iso-8859-1$/i.test(charset)) {
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  try {
    return /^utf-8$/i.test(charset) ? decodeURIComponent(text) : undefined;
  } catch {
    return undefined;
  }
}

function unescaped(value: string): string {
  return value.replace(/%0D|%0A|%22/gi, decodeURIComponent);
}
