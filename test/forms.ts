/** A file of a form: its name and its contents. */
export type FormFile = readonly [name: string, contents: BlobPart];

/** Files as a browser's form sends them. */
export function form(files: Iterable<FormFile>, part = "image"): FormData {
  const data = new FormData();
  for (const [name, contents] of files) data.append(part, new File([contents], name));
  return data;
}
