/** The alert rules and the dashboard as files; that a worker exports what they ask for is in e2e-settings/metrics.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { alertRules, dashboard, expressions } from './monitoring.ts';
import { metricsIn } from '../prometheus.ts';
import { root } from '../repository.ts';

describe('metricsIn()', () => {
  it('finds the metrics of an expression, and refuses what is none', () => {
    const expr = 'histogram_quantile(0.9, sum by (le) (rate(a_bucket{x="b"}[5m]))) / on (c) d > 0';
    assert.deepEqual(metricsIn(expr), ['a_bucket', 'd']);
    assert.throws(() => metricsIn('sum by (rate(a[5m])'), /No PromQL/);
    assert.throws(() => metricsIn('rate(a{b=}[5m])'), /No PromQL/);
  });
});

describe('the alert rules', () => {
  it('are PromQL, each with a name, a severity, a summary and what to do', () => {
    const rules = alertRules();
    assert.ok(rules.length >= 5);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, expr, labels, annotations } of rules) {
      assert.match(alert, /^Threadmill[A-Z]\w+$/);
      assert.ok(metricsIn(expr).length > 0, alert);
      assert.match(labels.severity, /^(info|warning|critical)$/);
      assert.ok(annotations.summary !== '' && annotations.description !== '', alert);
    }
  });

  it('are in docs/operating.md, and each is played through in alerts.test.yml', () => {
    const names = alertRules().map(({ alert }) => alert);
    const docs = readFileSync(path.join(root, 'docs/operating.md'), 'utf8');
    assert.deepEqual(
      [...docs.matchAll(/^\| `(Threadmill[A-Z]\w+)` \|/gm)].map(([, name]) => name),
      names,
    );
    const { tests } = parse(readFileSync(path.join(root, 'deploy/prometheus/alerts.test.yml'), 'utf8')) as {
      readonly tests: readonly {
        readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: unknown }[];
      }[];
    };
    const played = tests.flatMap(({ alert_rule_test: cases }) =>
      cases.filter(({ exp_alerts: expected }) => expected !== undefined).map(({ alertname }) => alertname),
    );
    assert.deepEqual(new Set(played), new Set(names));
  });
});

describe('the dashboard', () => {
  it('asks in PromQL, and its panels have places of their own', () => {
    for (const expr of expressions()) assert.ok(metricsIn(expr).length > 0, expr);
    const { panels, uid } = dashboard();
    assert.equal(uid, 'threadmill');
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos, type, targets = [] } of panels) {
      assert.ok(type === 'row' || targets.length > 0, title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x} ${y}`), `${title} lies over another panel`);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
