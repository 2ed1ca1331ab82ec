/** What became of lines, as it is drawn: words and colours. Pure. */
import { excludeRules, rejectReasons, totalOf, type Counters } from '../core/fates.ts';

export interface FateCount {
  readonly kind: 'kept' | 'excluded' | 'rejected' | 'blank';
  readonly label: string;
  /** A CSS variable of the page. */
  readonly color: string;
  readonly lines: number;
}

/** All fates in the order in which they are stacked; those of no line too. */
export function fates({ kept, excluded, rejected, blank }: Counters): readonly FateCount[] {
  return [
    { kind: 'kept', label: 'kept', color: 'var(--kept)', lines: kept },
    ...excludeRules.map((rule): FateCount => ({
      kind: 'excluded',
      label: `excluded: ${rule}`,
      color: `var(--${rule})`,
      lines: excluded[rule],
    })),
    { kind: 'rejected', label: 'rejected', color: 'var(--rejected)', lines: totalOf(rejected) },
    { kind: 'blank', label: 'blank', color: 'var(--blank)', lines: blank },
  ];
}

/** Rejected lines by reason, where there are any. */
export function rejectCounts({ rejected }: Counters): readonly (readonly [reason: string, lines: number])[] {
  return rejectReasons.map((reason) => [reason, rejected[reason]] as const).filter(([, lines]) => lines > 0);
}
