import { expect, test } from "vitest";
import { CosalError, ERROR_CODES } from "./errors.ts";

test("a code is either the caller's fault or ours", () => {
  expect(new CosalError("image_undecodable", "x").isCallerFault).toBe(true);
  expect(new CosalError("internal", "x").isCallerFault).toBe(false);
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
});

test("about() names the image and keeps the rest", () => {
  const cause = new Error("inner");
  const limit = { name: "bytes", limit: 1, actual: 2 };
  const error = new CosalError("image_too_large", "too large", { limit, cause });
  const named = error.about({ index: 3, id: "a.jpg" });
  expect(named).toMatchObject({ code: "image_too_large", message: "too large", limit, cause });
  expect(named.image).toEqual({ index: 3, id: "a.jpg" });
});
