/** The Dockerfile and the systemd unit as files. `tools/check-deploy.sh` gives the unit to systemd itself. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { validate, ValidationSeverity } from 'dockerfile-utils';
import { parse } from 'yaml';
import { resolveSettings } from '../../src/settings.ts';
import { root } from '../repository.ts';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

describe('the Dockerfile', () => {
  const text = read('Dockerfile');

  it('is one, without a warning', () => {
    const problems = validate(text, { deprecatedMaintainer: ValidationSeverity.ERROR });
    assert.deepEqual(
      problems.map(({ message, range }) => [range.start.line + 1, message]),
      [],
    );
    assert.notDeepEqual(validate('FROM node\nCOPYY a b\n'), [], 'the check does notice');
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const ignore = read('.dockerignore').split('\n');
    assert.ok(ignore.includes('*'));
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    assert.ok(copied.length >= 6);
    for (const file of copied) {
      assert.ok(existsSync(path.join(root, file)), file);
      assert.ok(ignore.includes(`!${file}`), `${file} is ignored`);
    }
  });

  it('runs as a user without rights, and says whether it is healthy', () => {
    assert.match(text, /^USER node$/m);
    assert.match(text, /^HEALTHCHECK .* CMD \["node", "\/app\/health\.mjs"\]$/m);
  });

  it('has the major version of Node that the tests run on', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
    const majors = [...text.matchAll(/^FROM node:(\d+)-slim/gm)].map(([, major]) => major);
    assert.deepEqual(new Set(majors), new Set([devDependencies.node.split('.')[0]]));
  });
});

describe('the systemd unit', () => {
  /** Keys with their last value; systemd's own parser sees more. */
  const entries = (text: string): ReadonlyMap<string, string> =>
    new Map([...text.matchAll(/^(?!#)([A-Za-z_]+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
  const unit = entries(read('deploy/systemd/threadmill-worker.service'));

  it('gives a worker its time to stop, as compose and Kubernetes do', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      readonly services: { readonly worker: { readonly stop_grace_period: string } };
    };
    const seconds = unit.get('TimeoutStopSec');
    assert.equal(`${seconds ?? ''}s`, services.worker.stop_grace_period);
    const deployment = parse(read('deploy/kubernetes/worker.yaml')) as {
      readonly spec: { readonly template: { readonly spec: { terminationGracePeriodSeconds: number } } };
    };
    assert.equal(deployment.spec.template.spec.terminationGracePeriodSeconds, Number(seconds));
    // longer than a segment may take to end (shutdownForceTime in src/worker.ts)
    const force = /shutdownForceTime = '(\d+)s'/.exec(read('src/worker.ts'))?.[1];
    assert.ok(Number(force) < Number(seconds));
  });

  it('names an environment of settings that threadmill takes, below a folder that it may write to', () => {
    const env = Object.fromEntries(entries(read('deploy/systemd/worker.env')));
    const { values, warnings } = resolveSettings({ env, cwd: root });
    assert.deepEqual(warnings, []);
    assert.ok(values.out.startsWith(`${unit.get('ReadWritePaths') ?? '?'}/`));
    assert.match(unit.get('ExecStart') ?? '', /threadmill worker$/);
  });
});
