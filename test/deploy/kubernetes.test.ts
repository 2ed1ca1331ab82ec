/** The manifests against the schemas of Kubernetes, KEDA and the Prometheus Operator, and against one another. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { ConfigMap, Namespace, PersistentVolumeClaim } from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';
import { resolveSettings } from '../../src/settings.ts';
import { root } from '../repository.ts';

const folder = path.join(root, 'deploy/kubernetes');
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What of a model is used here: all of them are made from an object and check it against their schema. */
interface Model {
  validate(): void;
}

const models: Readonly<Record<string, new (data: never) => Model>> = {
  'v1 Namespace': Namespace,
  'v1 ConfigMap': ConfigMap,
  'v1 PersistentVolumeClaim': PersistentVolumeClaim,
  'apps/v1 Deployment': Deployment,
  'keda.sh/v1alpha1 ScaledObject': ScaledObject,
  'monitoring.coreos.com/v1 PodMonitor': PodMonitor,
};

function validate(manifest: Manifest): void {
  const model = models[`${manifest.apiVersion} ${manifest.kind}`];
  assert.ok(model, `${manifest.apiVersion} ${manifest.kind}`);
  new model(manifest as never).validate();
}

describe('the Kubernetes manifests', () => {
  const { resources, namespace } = parse(read('kustomization.yaml')) as {
    readonly resources: readonly string[];
    readonly namespace: string;
  };
  const manifests = resources.map((file) => {
    const [document, ...more] = parseAllDocuments(read(file));
    assert.deepEqual([more, document?.errors], [[], []], file);
    return document?.toJS() as Manifest;
  });
  const of = (kind: string): unknown => manifests.find((manifest) => manifest.kind === kind);
  const worker = of('Deployment') as Deployment & { spec: NonNullable<Deployment['spec']> };
  const pod = worker.spec.template;
  const container = pod.spec?.containers[0];

  it('are all in the kustomization, in its namespace, and as the schema of their kind has it', () => {
    const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
    assert.deepEqual([...resources].sort(), files.sort());
    for (const manifest of manifests) {
      validate(manifest);
      if (manifest.kind === 'Namespace') assert.equal(manifest.metadata.name, namespace);
      else assert.equal(manifest.metadata.namespace, namespace, manifest.kind);
    }
  });

  it('would be refused with a mistake', () => {
    const bad = structuredClone(worker) as unknown as {
      spec: { template: { spec: { containers: object[] } } };
    };
    bad.spec.template.spec.containers = [{ name: 'worker', ports: [{ containerPort: 'metrics' }] }];
    assert.throws(() => {
      validate(bad as unknown as Manifest);
    }, /containerPort/);
  });

  it('name one another', () => {
    const config = of('ConfigMap') as Manifest & { readonly data: Readonly<Record<string, string>> };
    const scaled = of('ScaledObject') as ScaledObject & { spec: NonNullable<ScaledObject['spec']> };
    const monitor = of('PodMonitor') as PodMonitor;
    assert.equal(container?.envFrom?.[0]?.configMapRef?.name, config.metadata.name);
    assert.equal(
      pod.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName,
      (of('PersistentVolumeClaim') as Manifest).metadata.name,
    );
    assert.equal(scaled.spec.scaleTargetRef.name, worker.metadata?.name);
    const labels = pod.metadata?.labels ?? {};
    assert.deepEqual(worker.spec.selector.matchLabels, labels);
    assert.deepEqual(monitor.spec.selector.matchLabels, labels);
    assert.equal(labels[monitor.spec.jobLabel ?? ''], 'threadmill', 'the job of alerts and dashboard');
    assert.equal(monitor.spec.podMetricsEndpoints?.[0]?.port, container.ports?.[0]?.name);
    const [queue, busy] = scaled.spec.triggers;
    assert.deepEqual(
      [queue?.type, queue?.metadata['taskQueue'], queue?.metadata['endpoint'], queue?.metadata['namespace']],
      ['temporal', config.data['TEMPORAL_TASK_QUEUE'], config.data['TEMPORAL_ADDRESS'], 'default'],
    );
    assert.match(busy?.metadata['query'] ?? '', /threadmill_running_segments/);
    assert.equal(worker.spec.replicas, undefined, 'the number is the ScaledObject’s');
  });

  it('give settings that threadmill takes, at which the metrics port is the one that is named', () => {
    const { data } = of('ConfigMap') as { readonly data: Readonly<Record<string, string>> };
    const { values, warnings } = resolveSettings({ env: data, cwd: folder });
    assert.deepEqual(warnings, []);
    assert.equal(values.metricsAddress, `0.0.0.0:${String(container?.ports?.[0]?.containerPort)}`);
    assert.ok(values.out.startsWith(`${String(container?.volumeMounts?.[0]?.mountPath)}/`));
  });

  it('run as nobody in particular, with a read-only root', () => {
    assert.deepEqual(
      [pod.spec?.securityContext?.runAsNonRoot, container?.securityContext?.readOnlyRootFilesystem],
      [true, true],
    );
  });
});
