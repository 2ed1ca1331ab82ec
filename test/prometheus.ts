/** A page of metrics as Prometheus reads it, and the names of metrics in an expression, by its own grammar. */
import { parser } from '@prometheus-io/lezer-promql';
// @ts-expect-error -- the package has no types of its own
import untyped from 'parse-prometheus-text-format';

interface ParsedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM' | 'SUMMARY' | 'UNTYPED';
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
  }[];
}

const parseText = untyped as (text: string) => readonly ParsedFamily[];

export class Scrape {
  /** As it came. */
  readonly text: string;
  readonly families: ReadonlyMap<string, ParsedFamily>;

  constructor(text: string) {
    this.text = text;
    this.families = new Map(parseText(text).map((family) => [family.name, family]));
  }

  /** The sum of a metric over all series with these labels; null where there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number | null {
    const matching = (this.families.get(name)?.metrics ?? []).filter((metric) =>
      Object.entries(labels).every(([label, value]) => (metric.labels?.[label] ?? '') === value),
    );
    if (matching.length === 0) return null;
    return matching.reduce((sum, { value }) => sum + Number(value), 0);
  }
}

export async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!response.ok) throw new Error(`No metrics: ${response.status}`);
  return new Scrape(await response.text());
}

/**
 * The metrics that an expression of PromQL reads.
 *
 * @throws Error where it is none
 */
export function metricsIn(expression: string): readonly string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`No PromQL at ${from}: ${expression}`);
      const text = expression.slice(from, to);
      if (type.name === 'Identifier') names.push(text);
    },
  });
  return [...new Set(names)];
}
