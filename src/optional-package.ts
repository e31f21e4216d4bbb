import { CosalError } from "./errors.ts";

/** Packages that only some need, as `peerDependencies` of package.json has them. */
export const OPTIONAL_PACKAGES = {
  "@aws-sdk/client-s3": "3",
  bullmq: "6",
  ioredis: "6",
  "onnxruntime-node": "1.30",
  "onnxruntime-web": "1.30",
  webgpu: "0.6",
} as const;

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/**
 * Imports a package that need not be installed.
 *
 * @throws CosalError backend_unavailable that says what to install, or why it does not load
 */
export async function loadOptional<Module>(
  name: OptionalPackage,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === "ERR_MODULE_NOT_FOUND" && message.includes(`'${name}'`);
    const reason = isMissing
      ? `${name} is not installed. Get it: npm install --ignore-scripts ${name}@${OPTIONAL_PACKAGES[name]}`
      : `${name} cannot be loaded on this machine: ${message}`;
    throw new CosalError("backend_unavailable", reason, { cause });
  }
}
