import { CosalError } from "../../errors.ts";

export function tooManyImages(limit: number, actual: number): CosalError {
  return new CosalError("group_too_large", `A group has at most ${limit} images.`, {
    limit: { name: "images", limit, actual },
  });
}

export function noImage(limit: number): CosalError {
  return new CosalError("group_empty", `A group has 1 to ${limit} images: send at least one.`, {
    limit: { name: "images", limit: 1, actual: 0 },
  });
}
