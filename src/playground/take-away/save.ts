/** Milliseconds after which the browser surely reads the saved file. */
const BEGUN = 60_000;

export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), BEGUN);
}

/** A file of the user that can be written as a stream. Not every browser supports this. */
interface FilePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<{
    createWritable(): Promise<WritableStream<Uint8Array>>;
  }>;
}

/**
 * Saves a stream, directly to a file if the browser can. Otherwise, the whole file is in memory first.
 *
 * @returns false if the user has chosen no file
 */
export async function saveStream(
  name: string,
  stream: () => ReadableStream<Uint8Array>,
): Promise<boolean> {
  const picker = (globalThis as FilePicker).showSaveFilePicker;
  if (picker === undefined) {
    saveBlob(await new Response(stream()).blob(), name);
    return true;
  }
  try {
    const file = await picker({ suggestedName: name });
    await stream().pipeTo(await file.createWritable());
    return true;
  } catch (error) {
    if ((error as Error).name === "AbortError") return false;
    throw error;
  }
}
