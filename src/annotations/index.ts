export { type CocoImage, cocoDocument } from "./coco.ts";
export { jsonArray } from "./json-array.ts";
export { yoloData, yoloLabels } from "./yolo.ts";
