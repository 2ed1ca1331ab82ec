import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Service {
  readonly image?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly environment?: Record<string, string>;
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    readonly services: Record<string, Service>;
    readonly volumes: Record<string, unknown>;
  };
  const services = Object.entries(compose.services);

  it('has the services of the official set-up and the worker, each after one that exists', () => {
    assert.deepEqual(Object.keys(compose.services), [
      'postgres',
      'schema',
      'temporal',
      'namespace',
      'ui',
      'worker',
    ]);
    for (const [, service] of services) {
      for (const name of Object.keys(service.depends_on ?? {})) assert.ok(compose.services[name], name);
    }
    assert.equal(compose.services['temporal']?.environment?.['DB'], 'postgres12');
  });

  it('publishes to 127.0.0.1 only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    assert.ok(ports.length > 0);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  });

  it('pins every image but its own, and keeps the database in a named volume', () => {
    for (const [name, { image }] of services) if (name !== 'worker') assert.match(image ?? '', /:[\d.]+$/);
    assert.match(compose.services['postgres']?.volumes?.[0] ?? '', /^postgres-data:/);
    assert.ok('postgres-data' in compose.volumes);
  });

  it('mounts the dynamic configuration, which raises what the embedded server raises', () => {
    assert.match(compose.services['temporal']?.volumes?.[0] ?? '', /^\.\/deploy\/dynamicconfig\.yaml:/);
    const config = parse(read('deploy/dynamicconfig.yaml')) as Record<string, { value: number }[]>;
    const embedded = read('src/server/spawn.ts')
      .match(/'history\.\w+'/g)
      ?.map((key) => key.slice(1, -1));
    assert.deepEqual(Object.keys(config), embedded);
    for (const [entry] of Object.values(config)) assert.equal(entry?.value, 1_000);
  });
});
