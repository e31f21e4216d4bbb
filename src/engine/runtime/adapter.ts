import { CosalError } from "../../errors.ts";

/** The part of WebGPU's `GPU` that is needed to inspect an adapter. */
export interface AdapterSource {
  requestAdapter(options?: { powerPreference?: "high-performance" }): Promise<Adapter | null>;
}

interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** Names of software adapters: SwiftShader, Mesa's llvmpipe, Windows' WARP. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|microsoft basic render/i;

/**
 * Checks the adapter that WebGPU will use. That one exists proves nothing: a software adapter is 30
 * to 140 times slower than the same processor without WebGPU.
 *
 * @param software whether a software adapter is acceptable, as in tests
 * @returns the adapter's name
 * @throws CosalError backend_unavailable
 */
export async function checkAdapter(
  gpu: AdapterSource | undefined,
  software: boolean,
): Promise<string> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new CosalError("backend_unavailable", "There is no WebGPU adapter on this machine.");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(", ");
  if (!software && (isFallbackAdapter || SOFTWARE.test(name))) {
    throw new CosalError(
      "backend_unavailable",
      `The WebGPU adapter of this machine is software (${name}), which is slower than the processor itself.`,
    );
  }
  return name;
}
