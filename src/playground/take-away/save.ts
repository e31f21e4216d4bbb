/** Milliseconds after which the browser has begun to read what is saved. */
const BEGUN = 60_000;

export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), BEGUN);
}

/** A place in the user's files that takes a stream, where the browser has such. */
interface FilePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<{
    createWritable(): Promise<WritableStream<Uint8Array>>;
  }>;
}

/**
 * Saves a stream: right into a file where the browser can, else as a whole.
 *
 * @returns false when the user has chosen no file
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
