import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { PENDING_BATCHES } from "../../src/server/cluster/batch-storage.ts";
import { PREFIX } from "../../src/server/cluster/connection.ts";
import { readOptions } from "../../src/server/options.ts";
import { GRACE } from "../../src/server/run.ts";
import { setUp } from "../app-client.ts";
import {
  canRender,
  canValidate,
  faults,
  type Labels,
  type Named,
  type Rendered,
  type Resources,
  render,
} from "./rendered.ts";

vi.setConfig({ testTimeout: 180_000 });

const VERSIONS = ["1.30", "1.37"].filter(canValidate);
const OVERLAYS = ["machine", "backends", "cluster"] as const;
const NAMESPACE = "kubernetes.io/metadata.name";
const SECRET = "s".repeat(32);

const selects = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

describe.runIf(canRender)("manifests", () => {
  for (const overlay of OVERLAYS) {
    describe(overlay, () => {
      let rendered: Rendered;
      let deployments: Named<Resources["Deployment"]>[];
      beforeAll(() => {
        rendered = render(overlay);
        deployments = rendered.of("Deployment");
      });
      const podsOf = (selector: Labels) =>
        deployments
          .filter(({ spec }) => selects(selector, spec.template.metadata.labels))
          .map(({ name }) => name);

      it.each(VERSIONS)("are valid in Kubernetes %s", (version) => {
        expect(faults(rendered.text, version)).toEqual([]);
      });

      it("set what the server reads, to values that it takes", () => {
        for (const { spec } of deployments) {
          const [{ args, env }] = spec.template.spec.containers;
          const values = new Map(env.map(({ name, value }) => [name, value ?? secretValue(name)]));
          // A value may have another in it, as Kubernetes fills it in.
          const inserted = new Set<string>();
          for (const [name, value] of values) {
            values.set(
              name,
              value.replace(/\$\((\w+)\)/g, (_, other: string) => {
                inserted.add(other);
                return values.get(other) ?? expect.fail(`${name} has $(${other})`);
              }),
            );
          }
          const read = new Set<string>();
          const environment = new Proxy<Record<string, string>>(Object.fromEntries(values), {
            get(target, name: string) {
              read.add(name);
              return target[name];
            },
          });
          expect(readOptions(args, environment)).toMatchObject({ secret: SECRET });
          const ofOthers = (name: string) => inserted.has(name) || /^AWS_/.test(name);
          expect([...values.keys()].filter((name) => !read.has(name) && !ofOthers(name))).toEqual(
            [],
          );
        }
      });

      it("probe routes that the app has, on the port of the container", async () => {
        const { request } = setUp();
        for (const { spec } of deployments) {
          const [container] = spec.template.spec.containers;
          const { startupProbe, readinessProbe, livenessProbe, ports } = container;
          for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
            expect((await request(httpGet.path)).status).toBe(200);
            expect(ports.map(({ name }) => name)).toContain(httpGet.port);
          }
          // A device that restarts takes the pod out, and does not end it.
          expect(livenessProbe.httpGet.path).toBe("/healthz");
          expect(readinessProbe.httpGet.path).toBe("/readyz");
        }
      });

      it("give the server longer to stop than it takes", () => {
        for (const { spec } of deployments) {
          const { terminationGracePeriodSeconds, containers } = spec.template.spec;
          const { seconds } = containers[0].lifecycle.preStop.sleep;
          expect(terminationGracePeriodSeconds).toBeGreaterThan(seconds + GRACE / 1000 + 10);
        }
      });

      it("let the server write where it has to, and nowhere else", () => {
        for (const { spec } of deployments) {
          const { containers, volumes, securityContext } = spec.template.spec;
          expect(securityContext).toMatchObject({
            runAsNonRoot: true,
            seccompProfile: { type: "RuntimeDefault" },
          });
          const [container] = containers;
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          });
          expect(container.volumeMounts).toEqual([
            { name: "data", mountPath: "/data" },
            { name: "tmp", mountPath: "/tmp" },
          ]);
          expect(volumes.map(({ name }) => name).sort()).toEqual(["data", "tmp"]);
          const claims = rendered.of("PersistentVolumeClaim").map(({ name }) => name);
          for (const { name, emptyDir, persistentVolumeClaim } of volumes) {
            const isThere = emptyDir || claims.includes(persistentVolumeClaim?.claimName ?? "");
            expect(isThere, name).toBeTruthy();
          }
          const { requests, limits } = container.resources;
          expect(Object.keys(requests)).toEqual(expect.arrayContaining(["cpu", "memory"]));
          expect(Object.keys(limits)).toContain("memory");
          const hasGpu = container.args.includes("webgpu");
          expect(requests["nvidia.com/gpu"]).toBe(hasGpu ? 1 : undefined);
        }
      });

      it("select the pods that they are for", () => {
        for (const { name, spec } of deployments) {
          expect(podsOf(spec.selector.matchLabels)).toEqual([name]);
          for (const { labelSelector } of spec.template.spec.topologySpreadConstraints) {
            expect(podsOf(labelSelector.matchLabels)).toEqual([name]);
          }
        }
        const budgets = rendered.of("PodDisruptionBudget");
        expect(budgets.flatMap(({ spec }) => podsOf(spec.selector.matchLabels)).sort()).toEqual(
          deployments.map(({ name }) => name).sort(),
        );
        for (const { spec } of rendered.of("Service")) {
          expect(podsOf(spec.selector)).toHaveLength(1);
          expect(spec.ports.map(({ targetPort }) => targetPort)).toEqual(["http"]);
        }
        for (const { spec } of rendered.of("NetworkPolicy")) {
          expect(podsOf(spec.podSelector.matchLabels)).not.toEqual([]);
        }
        const scaled = [...rendered.of("HorizontalPodAutoscaler"), ...rendered.of("ScaledObject")];
        const targets = scaled.map(({ spec }) => spec.scaleTargetRef.name);
        const names = deployments.map(({ name }) => name);
        expect(targets.sort()).toEqual(overlay === "machine" ? [] : names.sort());
      });

      it("scale workers on the lists of the queue and of batches, and the API not with them", () => {
        const lists = rendered
          .of("ScaledObject")
          .flatMap(({ spec }) => spec.triggers)
          .flatMap(({ type, metadata }) => (type === "redis" ? [metadata.listName] : []));
        const states = ["wait", "prioritized", "active"].map((state) => `${PREFIX}:jobs:${state}`);
        expect(lists).toEqual(overlay === "cluster" ? [...states, PENDING_BATCHES] : []);
        for (const { name, spec } of deployments) {
          const { args } = spec.template.spec.containers[0];
          expect(args.join(" ").endsWith("--jobs 0"), name).toBe(name.endsWith("-api"));
        }
      });

      it("close every pod to whom they do not name", () => {
        const policies = rendered.of("NetworkPolicy");
        for (const { name, spec } of deployments) {
          const { labels } = spec.template.metadata;
          const ofPod = policies.filter((one) => selects(one.spec.podSelector.matchLabels, labels));
          const types = new Set(ofPod.flatMap((one) => one.spec.policyTypes));
          expect([...types].sort()).toEqual(["Egress", "Ingress"]);
          expect(callersOf(ofPod), name).toEqual(
            name.endsWith("-workers") ? ["monitoring"] : ["ingress-nginx", "monitoring"],
          );
        }
      });

      it("take from the secret what the document says that it has", () => {
        const document = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
        const named = [...document.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
        for (const { spec } of deployments) {
          for (const { valueFrom } of spec.template.spec.containers[0].env) {
            if (valueFrom === undefined) continue;
            expect(valueFrom.secretKeyRef.name).toBe("cosal-server");
            expect(named).toContain(valueFrom.secretKeyRef.key);
          }
        }
      });
    });
  }
});

/** The namespaces that policies let in. */
function callersOf(policies: readonly Named<Resources["NetworkPolicy"]>[]): string[] {
  const peers = policies.flatMap(({ spec }) => spec.ingress ?? []).flatMap(({ from }) => from);
  return peers.map((peer) => peer.namespaceSelector.matchLabels[NAMESPACE] ?? "").sort();
}

/** What stands in the secret, for a test. */
function secretValue(name: string): string {
  return name === "API_KEY_LIST" ? "" : SECRET;
}
