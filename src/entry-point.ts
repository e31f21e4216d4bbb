/**
 * The file of a program that lies beside a module: `.ts` in the sources, `.js` where they have been
 * built, as the module that asks.
 *
 * @param module its `import.meta.url`
 */
export function entryPoint(module: string, name: string): URL {
  return new URL(`${name}${module.endsWith(".ts") ? ".ts" : ".js"}`, module);
}
