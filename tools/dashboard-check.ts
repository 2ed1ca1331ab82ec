/**
 * `npm run dashboard`: every query of the Grafana dashboard and of the alerts, asked of a real Prometheus that scrapes a real
 * run. Says how many series each found, and fails where a query found none that a run must have.
 *
 * Needs Prometheus (`PROMETHEUS`, else `prometheus` on PATH).
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { generateArchive } from '../samples/generator/archive.ts';
import { freePort } from '../src/server/host.ts';
import { Stage } from '../test/e2e/stage.ts';
import { until } from '../test/e2e/until.ts';

const root = path.join(import.meta.dirname, '..');
/** What a healthy run has none of. */
const mayBeEmpty = /retries|trouble|reject|excluded|blank|schedule_to_start|resumptions|warnings/i;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Query {
  readonly where: string;
  readonly expression: string;
}

function queries(): readonly Query[] {
  const dashboard = JSON.parse(
    readFileSync(path.join(root, 'deploy/grafana/dashboards/threadmill.json'), 'utf8'),
  ) as { readonly panels: readonly Panel[] };
  return dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      where: title,
      expression: expr.replace(/\$__rate_interval|\$__range/g, '20s').replace(/\$(archive|instance)/g, '.*'),
    })),
  );
}

/** Alerts are expressions that find nothing while all is well; here only that Prometheus takes them. */
function alerts(): readonly Query[] {
  const file = parse(readFileSync(path.join(root, 'deploy/prometheus/alerts.yml'), 'utf8')) as {
    readonly groups: readonly {
      readonly rules: readonly { readonly alert: string; readonly expr: string }[];
    }[];
  };
  return file.groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expression: expr })),
  );
}

async function ask(url: string, expression: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: { readonly result: readonly unknown[] };
  };
  if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error ?? response.statusText}`);
  return answer.data?.result.length ?? 0;
}

async function check(stage: Stage): Promise<void> {
  const metrics = `127.0.0.1:${String(await freePort(0))}`;
  const listen = `127.0.0.1:${String(await freePort(0))}`;
  const config = path.join(stage.folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: threadmill, static_configs: [{targets: ['${metrics}']}]}]\n`,
  );
  const archive = path.join(stage.folder, 'RC_2019-04.zst');
  const content = { kind: 'comments', era: '2019-04', bytes: 400_000_000, seed: 7 } as const;
  await generateArchive({ ...content, dirty: true, dirtyEvery: 3000 }, archive);
  const prometheus = spawn(
    process.env['PROMETHEUS'] ?? 'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(stage.folder, 'tsdb')}`,
      `--web.listen-address=${listen}`,
    ],
    { stdio: 'ignore' },
  );
  const url = `http://${listen}`;
  try {
    const worker = await stage.worker(['--metrics-address', metrics]);
    await until('Prometheus', () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const { jobId } = await stage.threadmill.startJob(
      archive,
      { partBytes: 16 * 2 ** 20 },
      { out: stage.freshOut() },
    );
    await until('some parts', async () => (await stage.threadmill.getJobProgress(jobId)).parts > 2, 120_000);
    worker.slow();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const empty: string[] = [];
    for (const { where, expression } of queries()) {
      const found = await ask(url, expression);
      process.stdout.write(`${String(found).padStart(3)} series  ${where}: ${expression.slice(0, 90)}\n`);
      if (found === 0 && !mayBeEmpty.test(expression)) empty.push(`${where}: ${expression}`);
    }
    for (const { where, expression } of alerts()) {
      process.stdout.write(`${String(await ask(url, expression)).padStart(3)} firing  ${where}\n`);
    }
    worker.thaw();
    await stage.threadmill.waitForJob(jobId);
    if (empty.length > 0) throw new Error(`No data for:\n${empty.join('\n')}`);
  } finally {
    prometheus.kill();
  }
}

const stage = await Stage.open();
try {
  await check(stage);
} finally {
  await stage.end();
}
