import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";

const LIMITS = { bytes: 120, images: 4 };

/** A body of which all has arrived. */
function whole(admission: Admission, caller: string, bytes: number): () => void {
  const { receive, leave } = admission.enter(caller, bytes);
  receive(bytes);
  return leave;
}

describe("admission", () => {
  it("counts what has arrived, and gives room back once", () => {
    const admission = new Admission(LIMITS);
    const { receive, leave } = admission.enter("a", 64);
    expect(admission.load.bytes).toBe(1);
    for (let i = 0; i < 5; i++) receive(10);
    expect(admission.load).toEqual({ bytes: 50, images: 0, requests: 1 });
    leave();
    leave();
    expect(admission.load).toEqual({ bytes: 0, images: 0, requests: 0 });
  });

  it("has room for others than who announces and sends much", () => {
    const admission = new Admission(LIMITS);
    const idle = Array.from({ length: 60 }, () => admission.enter("a", 64));
    expect(() => admission.enter("a", 64)).toThrow("as much to do");
    whole(admission, "b", 30)();
    expect(() => idle[0]?.receive(2)).toThrow("no room for the rest");
    for (const { leave } of idle) leave();
    whole(admission, "a", 60);
    expect(() => admission.enter("a", 1)).toThrow("as much to do");
    whole(admission, "b", 30);
    whole(admission, "c", 15);
    expect(() => whole(admission, "b", 1)).toThrow("as much to do");
  });

  it("lets one in that is larger than all when it is alone", () => {
    const admission = new Admission(LIMITS);
    whole(admission, "a", 1000);
    expect(() => admission.enter("b", 0)).toThrow();
  });

  it("counts the images that are computed", () => {
    const admission = new Admission(LIMITS);
    admission.enter("a", 1);
    const end = admission.compute(4);
    expect(() => admission.enter("b", 1)).toThrow();
    end();
    admission.enter("b", 1);
  });

  it("drains", async () => {
    const admission = new Admission(LIMITS);
    const { leave } = admission.enter("a", 1);
    let isEmpty = false;
    const drained = admission.drain().then(() => {
      isEmpty = true;
    });
    expect(() => admission.enter("a", 1)).toThrow("about to stop");
    await new Promise((resolve) => setImmediate(resolve));
    expect(isEmpty).toBe(false);
    leave();
    await drained;
    await admission.drain();
  });
});
