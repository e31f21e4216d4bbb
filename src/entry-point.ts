/**
 * The URL of a program's file that lies beside a module: `.ts` when run from source, `.js` when
 * built, like the module that asks.
 *
 * @param module `import.meta.url` of that module
 */
export function entryPoint(module: string, name: string): URL {
  return new URL(`${name}${module.endsWith(".ts") ? ".ts" : ".js"}`, module);
}
