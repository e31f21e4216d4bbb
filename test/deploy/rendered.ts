import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { CACHE, goProgram } from "../go-program.ts";

const TESTS = "Tests of the Kubernetes manifests";
const kustomize = goProgram("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1", TESTS);
const kubeconform =
  kustomize && goProgram("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0", TESTS);

export const canRender = kubeconform !== undefined;

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const schemasOf = (version: string) => join(CACHE, `kubernetes-${version}`);

/** Whether the schemas of a Kubernetes version are here, or can be had. */
export function canValidate(version: string): boolean {
  const isThere =
    existsSync(schemasOf(version)) || spawnSync("python3", ["-m", "pip", "--version"]).status === 0;
  if (!isThere) {
    console.warn(
      `Manifests are not held against Kubernetes ${version}: its schemas need python3 with pip.`,
    );
  }
  return isThere;
}

export type Labels = Readonly<Record<string, string>>;

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly securityContext: object;
  readonly resources: {
    readonly requests: Readonly<Record<string, string | number>>;
    readonly limits: Readonly<Record<string, string | number>>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Selector {
  readonly matchLabels: Labels;
}

interface Peer {
  readonly namespaceSelector: Selector;
}

/** What the tests look at; kubeconform has looked at the whole. */
export interface Resources {
  Deployment: {
    readonly selector: Selector;
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: object;
        readonly topologySpreadConstraints: readonly { readonly labelSelector: Selector }[];
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly emptyDir?: object;
          readonly persistentVolumeClaim?: { readonly claimName: string };
        }[];
      };
    };
  };
  Service: {
    readonly selector: Labels;
    readonly ports: readonly { readonly targetPort: string }[];
  };
  PodDisruptionBudget: { readonly selector: Selector };
  NetworkPolicy: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly { readonly from: readonly Peer[] }[];
  };
  HorizontalPodAutoscaler: { readonly scaleTargetRef: { readonly name: string } };
  ScaledObject: {
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly {
      readonly type: string;
      readonly metadata: Labels;
      readonly authenticationRef?: { readonly name: string };
    }[];
  };
  TriggerAuthentication: {
    readonly secretTargetRef: readonly { readonly name: string; readonly key: string }[];
  };
  PersistentVolumeClaim: object;
}

export interface Named<Spec> {
  readonly name: string;
  readonly spec: Spec;
}

export interface Rendered {
  readonly text: string;
  of<Kind extends keyof Resources>(kind: Kind): Named<Resources[Kind]>[];
}

/** The manifests of a folder in deploy/kubernetes, as `kubectl apply -k` would send them. */
export function render(overlay: string): Rendered {
  const folder = path(`../../deploy/kubernetes/${overlay}`);
  const text = execFileSync(kustomize as string, ["build", folder], { encoding: "utf8" });
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  return {
    text,
    of: (kind) =>
      documents
        .filter((one) => one.kind === kind)
        .map(({ metadata, spec }) => ({ name: metadata.name, spec })),
  };
}

/** What is wrong with manifests by the schemas of a Kubernetes version, and by those of KEDA here. */
export function faults(text: string, version: string): object[] {
  const schemas = schemasOf(version);
  if (!existsSync(schemas)) execFileSync("python3", [path("schemas.py"), version, schemas]);
  const locations = [schemas, path("schemas")].flatMap((folder) => [
    "-schema-location",
    `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`,
  ]);
  const output = run(kubeconform as string, ["-strict", "-output", "json", ...locations], text);
  return JSON.parse(output).resources;
}

/** What a program prints, whether it is content or not. */
function run(program: string, args: readonly string[], input: string): string {
  try {
    return execFileSync(program, args, { input, encoding: "utf8" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
