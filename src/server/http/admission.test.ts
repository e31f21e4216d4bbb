import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";
import { limitAdmission } from "./admission-control.ts";

const LIMITS = { bytes: 100, images: 4 };

describe("admission", () => {
  it("lets in what there is room for, and gives room back once", () => {
    const admission = new Admission(LIMITS);
    const leave = admission.enter(60);
    expect(() => admission.enter(60)).toThrow("as much to do");
    leave();
    leave();
    expect(admission.load).toEqual({ bytes: 0, images: 0, requests: 0 });
    admission.enter(100);
    expect(() => admission.enter(1)).toThrow();
  });

  it("lets in one that is larger than all when it is alone", () => {
    const admission = new Admission(LIMITS);
    admission.enter(1000);
    expect(() => admission.enter(0)).toThrow();
  });

  it("counts the images that are computed", () => {
    const admission = new Admission(LIMITS);
    admission.enter(1);
    const end = admission.compute(4);
    expect(() => admission.enter(1)).toThrow();
    end();
    admission.enter(1);
  });

  it("drains", async () => {
    const admission = new Admission(LIMITS);
    const leave = admission.enter(1);
    let isEmpty = false;
    const drained = admission.drain().then(() => {
      isEmpty = true;
    });
    expect(() => admission.enter(1)).toThrow("about to stop");
    await new Promise((resolve) => setImmediate(resolve));
    expect(isEmpty).toBe(false);
    leave();
    await drained;
    await admission.drain();
  });
});

describe("a request", () => {
  const post = (length?: string) =>
    new Request("http://x/v1/groups", {
      method: "POST",
      body: "body",
      headers: length === undefined ? {} : { "content-length": length },
    });

  it("takes room until its answer has been read, or dropped", async () => {
    const admission = new Admission(LIMITS);
    const fetch = limitAdmission(() => new Response("answer"), admission, 80);
    const response = await fetch(post("70"));
    expect(admission.load.bytes).toBe(70);
    const refused = await fetch(post("70"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.text()).toBe("answer");
    expect(admission.load.bytes).toBe(0);
    const dropped = await fetch(post());
    expect(admission.load.bytes).toBe(80);
    await dropped.body?.cancel();
    expect(admission.load.requests).toBe(0);
  });

  it("takes none when it fails, has no answer, or has no body", async () => {
    const admission = new Admission(LIMITS);
    const broken = limitAdmission(() => Promise.reject(new Error("broken")), admission, 80);
    await expect(broken(post("1"))).rejects.toThrow("broken");
    await limitAdmission(() => new Response(null, { status: 204 }), admission, 80)(post("1"));
    await limitAdmission(() => new Response("kept"), admission, 80)(new Request("http://x/"));
    expect(admission.load.requests).toBe(0);
  });
});
