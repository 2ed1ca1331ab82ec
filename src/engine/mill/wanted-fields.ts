/** Which fields of a line are worth noting: those that rules, selection and columns look at, and no others. */
import type { Column } from '../../core/columns.ts';
import type { FormatOptions } from '../output/format.ts';
import { plannedFields, type SelectionPlan } from '../selection/plan.ts';
import { FieldTable, type FieldUse } from './fields.ts';
import { splitFields } from './split-value.ts';

export type RowOptions = FormatOptions & { readonly selection?: SelectionPlan | null };

/** An empty table for a job's lines: of `use`, for the selection, and for `columns`, which are the chosen ones. */
export function fieldTableFor(
  { kind, selection = null, splitBy }: RowOptions,
  use: FieldUse,
  columns: readonly Column[] = [],
): FieldTable {
  const sources = columns.flatMap((column) => column.sources);
  const split = splitBy === undefined ? [] : [splitFields[splitBy]];
  return new FieldTable(kind, use, [...sources, ...split, ...plannedFields(selection, kind)]);
}
