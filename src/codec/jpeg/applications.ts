import { type ColourModel, colourModel } from "./colours.ts";
import type { Frame } from "./frame.ts";
import { MARKER } from "./markers.ts";

/** What the application segments before the first scan say (APP0 to APP15). */
export class Applications {
  private isJfif = false;
  private transform: number | undefined;
  private exif: Uint8Array | undefined;

  read(marker: number, content: Uint8Array): void {
    if (marker === MARKER.APP0 && begins(content, "JFIF\0")) {
      this.isJfif ||= content.length >= 14;
    } else if (marker === MARKER.APP14 && begins(content, "Adobe")) {
      this.transform = content[11] ?? this.transform;
    } else if (marker === MARKER.APP1 && begins(content, "Exif\0")) {
      // The first one counts, as for Chromium, Pillow and libvips: programs that edit a file may
      // add their own. A byte of any value follows the name.
      this.exif ??= content.subarray(6);
    }
  }

  meaning(frame: Frame): { readonly exif: Uint8Array | undefined; readonly colours: ColourModel } {
    return { exif: this.exif, colours: colourModel(frame, this.isJfif, this.transform) };
  }
}

function begins(content: Uint8Array, name: string): boolean {
  return [...name].every((letter, i) => content[i] === letter.charCodeAt(0));
}
