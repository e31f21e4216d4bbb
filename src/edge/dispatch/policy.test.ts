import { describe, expect, it } from "vitest";
import { type Place, planFor, type Wanted } from "./policy.ts";

const limits = { preferred: 1000, most: 5000 };

describe("the dispatch policy", () => {
  const cases: [string, Wanted, number, boolean, Place[]][] = [
    ["a cheap group stays, a GPU helps out", "auto", 1000, true, ["wasm", "gpu"]],
    ["a costly one goes to a GPU, the Worker helps out", "auto", 1001, true, ["gpu", "wasm"]],
    ["one that does not fit goes to a GPU alone", "auto", 5001, true, ["gpu"]],
    ["without a GPU all that fit stay", "auto", 5000, false, ["wasm"]],
    ["the caller's wish: the Worker", "wasm", 5000, true, ["wasm"]],
    ["the caller's wish: a GPU", "gpu", 1, true, ["gpu"]],
  ];
  it.each(cases)("%s", (_, wanted, estimate, hasGpu, places) => {
    const plan = planFor({ wanted, estimate, limits, hasGpu, isDecodedElsewhere: false });
    expect(plan.places).toEqual(places);
    expect(plan.reason).toContain(`${estimate} ms`);
  });

  it("takes what the Worker does not decode to a GPU alone", () => {
    const situation = { estimate: 1, limits, hasGpu: true, isDecodedElsewhere: true };
    expect(planFor({ wanted: "auto", ...situation }).places).toEqual(["gpu"]);
  });

  const refused: [string, Wanted, number, boolean, string][] = [
    ["more than fits, where nothing else is", "auto", 5001, false, "group_too_large"],
    ["more than fits, where nothing else may", "wasm", 5001, true, "group_too_large"],
    ["a GPU where there is none", "gpu", 1, false, "option_invalid"],
  ];
  it.each(refused)("refuses %s", (_, wanted, estimate, hasGpu, code) => {
    expect(() => planFor({ wanted, estimate, limits, hasGpu, isDecodedElsewhere: false })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
