import { describe, expect, it } from "vitest";
import { RETENTION, retentionOf } from "./retention.ts";

describe("retention", () => {
  it("is a day for photographs and thirty for results, unless the deployment says otherwise", () => {
    expect(retentionOf({})).toEqual(RETENTION);
    expect(retentionOf({ inputs: "1.5", results: "48" })).toEqual({
      inputs: 5_400_000,
      features: 5_400_000,
      results: 172_800_000,
    });
  });

  it.each(["", "0", "-1", "a day", "Infinity", "NaN"])("is no %j", (inputs) => {
    expect(() => retentionOf({ inputs })).toThrow(TypeError);
  });
});
