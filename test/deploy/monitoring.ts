/** What the dashboard and the alert rules in deploy/ ask of Prometheus. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from '../repository.ts';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

const read = (file: string): string => readFileSync(path.join(root, 'deploy', file), 'utf8');

export function alertRules(): readonly Rule[] {
  const { groups } = parse(read('prometheus/alerts.yml')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

export function dashboard(): Dashboard {
  return JSON.parse(read('grafana/dashboards/threadmill.json')) as Dashboard;
}

/** All expressions, with what Grafana fills in filled in. */
export function expressions(): readonly string[] {
  const { panels, templating } = dashboard();
  const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const asked = templating.list.flatMap(({ query }) => {
    const text = typeof query === 'string' ? query : query.query;
    const metric = /^label_values\((\w+),/.exec(text)?.[1];
    return metric === undefined ? [] : [metric];
  });
  return [...alertRules().map(({ expr }) => expr), ...shown, ...asked].map((expr) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '30m'),
  );
}
