const known: WeakRef<WebAssembly.Memory>[] = [];

function remember(memory: WebAssembly.Memory): void {
  if (!known.some((entry) => entry.deref() === memory)) known.push(new WeakRef(memory));
}

WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(target, args, self) {
    const memory = Reflect.construct(target, args, self);
    remember(memory);
    return memory;
  },
});

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args, self) {
    const instance: WebAssembly.Instance = Reflect.construct(target, args, self);
    for (const value of Object.values(instance.exports)) {
      if (value instanceof WebAssembly.Memory) remember(value);
    }
    return instance;
  },
});

declare const gc: () => void;

/** Bytes of each WebAssembly memory of this isolate; `?collect` collects garbage first. */
export function heapsResponse(url: URL): Response {
  if (url.searchParams.has("collect")) {
    gc();
    gc(); // the buffers that the first found dead are counted until the next
  }
  return Response.json(known.flatMap((memory) => memory.deref()?.buffer.byteLength ?? []));
}
