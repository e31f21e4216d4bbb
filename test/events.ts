/** The events of a text/event-stream answer. */
export async function events(response: Response) {
  const type = response.headers.get("content-type");
  if (type !== "text/event-stream; charset=utf-8") {
    throw new Error(`${response.status} ${type}: ${await response.text()}`);
  }
  const blocks = (await response.text()).split("\n\n").filter((block) => /^event/m.test(block));
  return blocks.map((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
    return { event: field("event"), id: field("id"), data: JSON.parse(field("data")!) };
  });
}
