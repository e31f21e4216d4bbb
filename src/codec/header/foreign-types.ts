import { viewOf } from "./bytes.ts";
import { isHeic } from "./heic.ts";
import { brandsOf } from "./iso-boxes.ts";

/** A type of file that is not accepted, or not on all platforms. */
export interface ForeignType {
  /** As it stands after "The file is". */
  readonly name: string;
  /** What to do, as a sentence. */
  readonly advice: string;
}

interface Signature extends ForeignType {
  readonly matches: (bytes: Uint8Array) => boolean;
}

const CONVERT = "Convert it to JPEG.";
const DEVELOP = "Export it as JPEG from the program that develops it.";
const SCREENSHOT = "Export it as PNG or JPEG.";
const FIRST_PICTURE = "Save the picture that is meant as PNG or JPEG.";

/** Files that people send, by their first bytes. The first that matches counts. */
const SIGNATURES: readonly Signature[] = [
  {
    // Decoded by some, and foreign to the rest.
    name: "HEIC, as iPhones save photographs",
    advice:
      "Convert it to JPEG; for further photographs choose Settings > Camera > Formats > Most Compatible on the iPhone.",
    matches: isHeic,
  },
  { name: "a raw photograph of a Canon camera (CR3)", advice: DEVELOP, matches: brand("crx ") },
  { name: "HEIF with another codec than HEVC", advice: CONVERT, matches: brand("mif1", "msf1") },
  {
    name: "a video",
    advice: "Save the frame that is meant as JPEG.",
    matches: (bytes) =>
      brandsOf(bytes).length > 0 ||
      text("\x1a\x45\xdf\xa3")(bytes) ||
      (text("RIFF")(bytes) && text("AVI ", 8)(bytes)),
  },
  { name: "a GIF", advice: FIRST_PICTURE, matches: text("GIF87a", 0, "GIF89a") },
  { name: "a bitmap (BMP)", advice: SCREENSHOT, matches: isBitmap },
  { name: "a raw photograph (DNG)", advice: DEVELOP, matches: (bytes) => rawOf(bytes) === "DNG" },
  {
    name: "a raw photograph of a Nikon camera (NEF)",
    advice: DEVELOP,
    matches: (bytes) => rawOf(bytes) === "NIKON",
  },
  {
    name: "a raw photograph of a Sony camera (ARW)",
    advice: DEVELOP,
    matches: (bytes) => rawOf(bytes) === "SONY",
  },
  {
    name: "a raw photograph of a Canon camera (CR2)",
    advice: DEVELOP,
    matches: text("CR\x02", 8),
  },
  {
    name: "a raw photograph of a Fujifilm camera (RAF)",
    advice: DEVELOP,
    matches: text("FUJIFILMCCD-RAW"),
  },
  {
    name: "a raw photograph of an Olympus camera (ORF)",
    advice: DEVELOP,
    matches: text("IIRO", 0, "IIRS", "MMOR"),
  },
  {
    name: "a raw photograph of a Panasonic camera (RW2)",
    advice: DEVELOP,
    matches: text("IIU\0"),
  },
  {
    name: "a raw photograph",
    advice: DEVELOP,
    matches: (bytes) => rawOf(bytes) !== undefined,
  },
  { name: "TIFF", advice: CONVERT, matches: text("II*\0", 0, "MM\0*", "II+\0", "MM\0+") },
  {
    name: "JPEG XL",
    advice: CONVERT,
    matches: text("\xff\x0a", 0, "\0\0\0\x0cJXL \r\n\x87\n"),
  },
  {
    name: "JPEG 2000",
    advice: CONVERT,
    matches: text("\0\0\0\x0cjP  \r\n\x87\n", 0, "\xff\x4f\xff\x51"),
  },
  { name: "a Photoshop file (PSD)", advice: SCREENSHOT, matches: text("8BPS") },
  { name: "an icon (ICO)", advice: SCREENSHOT, matches: text("\0\0\x01\0") },
  {
    name: "a PDF",
    advice: "Save the picture in it as JPEG or PNG.",
    matches: text("%PDF-"),
  },
  {
    name: "a ZIP archive",
    advice: "Send the photographs that are in it, each as a file.",
    matches: text("PK\x03\x04"),
  },
  {
    name: "compressed (gzip)",
    advice: "Send it as it was before.",
    matches: text("\x1f\x8b"),
  },
  {
    name: "text that holds an image in base64",
    advice: "Send the image's bytes.",
    matches: text("data:image/", 0, "/9j/", "iVBORw0KGgo"),
  },
  {
    name: "a drawing (SVG)",
    advice: SCREENSHOT,
    matches: (bytes) => /^\s*(<(\?xml|!--|!doctype svg).*)?<svg[\s>]/is.test(start(bytes)),
  },
  {
    name: "a web page (HTML)",
    advice: "Perhaps the page that shows the image was saved, or the answer to a failed download.",
    matches: (bytes) =>
      /^\s*(<!--.*-->\s*)?<(!doctype html|html|head|body)[\s>]/is.test(start(bytes)),
  },
];

/** Detects the type of a file that is not decoded. */
export function foreignTypeOf(bytes: Uint8Array): ForeignType | undefined {
  return SIGNATURES.find(({ matches }) => matches(bytes));
}

/** Whether one of the texts stands there, a letter for each byte. */
function text(
  one: string,
  offset = 0,
  ...others: readonly string[]
): (bytes: Uint8Array) => boolean {
  return (bytes) =>
    [one, ...others].some((letters) =>
      Array.from(letters).every((letter, i) => bytes[offset + i] === letter.charCodeAt(0)),
    );
}

function brand(...brands: readonly string[]): (bytes: Uint8Array) => boolean {
  return (bytes) => brandsOf(bytes).some((one) => brands.includes(one));
}

/** The first bytes as text, without a byte order mark. */
function start(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 1024));
}

/** "BM", and the length of one of the headers that there are. */
function isBitmap(bytes: Uint8Array): boolean {
  if (!text("BM")(bytes) || bytes.length < 18) return false;
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(viewOf(bytes).getUint32(14, true));
}

const TAG = { subfile: 0x00fe, make: 0x010f, subDirectories: 0x014a, dngVersion: 0xc612 } as const;
const ASCII = 2;
const LONGEST_MAKE = 64;

/**
 * Detects a camera's raw photograph in a TIFF: returns "DNG", or the first word of the camera's make in
 * capitals. The first directory of such a file is of a small picture (TIFF 6.0, NewSubfileType), and
 * refers to others.
 */
function rawOf(bytes: Uint8Array): string | undefined {
  if (!text("II*\0", 0, "MM\0*")(bytes)) return undefined;
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  try {
    const directory = view.getUint32(4, little);
    const entries = new Map<number, number>();
    for (let i = 0; i < view.getUint16(directory, little); i++) {
      const entry = directory + 2 + 12 * i;
      entries.set(view.getUint16(entry, little), entry);
    }
    if (entries.has(TAG.dngVersion)) return "DNG";
    const [subfile, make] = [entries.get(TAG.subfile), entries.get(TAG.make)];
    if (subfile === undefined || make === undefined || !entries.has(TAG.subDirectories)) return;
    const isSmall = (view.getUint32(subfile + 8, little) & 1) === 1;
    if (!isSmall || view.getUint16(make + 2, little) !== ASCII) return undefined;
    const length = Math.min(view.getUint32(make + 4, little), LONGEST_MAKE);
    const at = length > 4 ? view.getUint32(make + 8, little) : make + 8;
    const name = String.fromCharCode(...bytes.subarray(at, at + length));
    return name.split(/[\s\0]/)[0]?.toUpperCase();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
