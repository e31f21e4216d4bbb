import { escaped } from "../output/escaped.ts";
import { TINT } from "./pictures.ts";

export interface PageImage {
  readonly title: string;
  /** Pixels of the photograph. */
  readonly width: number;
  readonly height: number;
  readonly coverage: number;
  readonly presence: number;
  /** `data:` URLs of the photograph, upright, and of its mask. */
  readonly photograph: string;
  readonly mask: string;
}

export interface PageGroup {
  readonly title: string;
  /** A line about it. */
  readonly detail: string;
  readonly images: readonly PageImage[];
}

/** The contact sheet as one HTML file that needs nothing else. */
export function contactPage(groups: readonly PageGroup[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cosal: what each group has in common</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
  h1 { font-size: 1.5rem; } h2 { margin: 2.5rem 0 0; font-size: 1.2rem; }
  p { margin: .2rem 0 1rem; color: #666; }
  .group { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1.2rem; }
  figure { margin: 0; } svg { width: 100%; height: auto; display: block; background: #eee; }
  figcaption { font-size: .85rem; overflow-wrap: anywhere; } figcaption span { color: #666; }
</style>
<h1>What each group has in common</h1>
<p>Photograph, mask, and the object marked in the photograph.</p>
${groups.map(section).join("\n")}
</html>
`;
}

function section({ title, detail, images }: PageGroup, index: number): string {
  return `<h2>${escaped(title)}</h2>
<p>${escaped(detail)}</p>
<div class="group">
${images.map((image, i) => figure(image, `g${index}i${i}`)).join("\n")}
</div>`;
}

/** The files are in it once each: the second and third pane refer to the first two. */
function figure(image: PageImage, key: string): string {
  const { width: w, height: h, photograph, mask } = image;
  const size = `width="${w}" height="${h}"`;
  const percent = (100 * image.coverage).toFixed(1);
  return `<figure>
<svg viewBox="0 0 ${3 * w} ${h}" role="img" aria-label="${escaped(image.title)}, its mask, and both">
<image id="${key}p" ${size} href="${photograph}"/>
<g transform="translate(${w})"><image id="${key}m" ${size} href="${mask}"/></g>
<mask id="${key}" maskUnits="userSpaceOnUse" x="0" y="0" ${size}><use href="#${key}m"/></mask>
<g transform="translate(${2 * w})"><rect ${size}/><use href="#${key}p" opacity=".45"/><g mask="url(#${key})"><use href="#${key}p"/><rect ${size} fill="rgb(${TINT.join()})" opacity=".5"/></g></g>
</svg>
<figcaption>${escaped(image.title)} <span>coverage ${percent} %, presence ${image.presence.toFixed(2)}</span></figcaption>
</figure>`;
}
