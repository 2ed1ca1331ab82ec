/** Whether parts make a whole: ranges without gap or overlap, lines that go on, counters that add up. Pure. */
import type { PartEntry, PartRange } from '../../contract/part.ts';
import { addCounters, addsUp, totalOf, zeroCounters, type Counters } from '../../core/fates.ts';

/**
 * What is wrong with the parts of an archive, one sentence each; empty where they are all of it, once. Parts that are files
 * say how many rows they have.
 */
export function partProblems(
  parts: readonly (PartRange & Partial<Pick<PartEntry, 'rows'>>)[],
  total: Counters,
): readonly string[] {
  const problems: string[] = [];
  let offset = 0;
  let line = 0;
  let sum = zeroCounters;
  for (const [at, { index, start, end, firstLine, rows, counters }] of parts.entries()) {
    if (index !== at) problems.push(`part ${at} is missing: part ${index} stands in its place`);
    if (start > offset) problems.push(`part ${index} leaves a gap: bytes ${offset} to ${start} of the input`);
    if (start < offset) problems.push(`part ${index} overlaps the one before: bytes ${start} to ${offset}`);
    if (end < start) problems.push(`part ${index} ends before it starts: bytes ${start} to ${end}`);
    if (firstLine !== line) {
      problems.push(`part ${index} has ${firstLine} lines before it, but the parts before hold ${line}`);
    }
    if (!addsUp(counters)) problems.push(`part ${index}: ${sumText(counters)}`);
    if (rows !== undefined && rows !== counters.kept)
      problems.push(`part ${index} has ${rows} rows, but kept ${counters.kept} lines`);
    offset = end;
    line = firstLine + counters.lines;
    sum = addCounters(sum, counters);
  }
  if (!addsUp(total)) problems.push(`the dataset: ${sumText(total)}`);
  problems.push(...differences(sum, total));
  return problems;
}

function sumText({ lines, kept, excluded, rejected, blank }: Counters): string {
  const [out, bad] = [totalOf(excluded), totalOf(rejected)];
  return `${kept} kept + ${out} excluded + ${bad} rejected + ${blank} blank are not ${lines} lines`;
}

function differences(sum: Counters, total: Counters): readonly string[] {
  const flat = ({ lines, kept, blank, excluded, rejected }: Counters): Readonly<Record<string, number>> => ({
    lines,
    kept,
    blank,
    ...excluded,
    ...rejected,
  });
  const expected = flat(total);
  return Object.entries(flat(sum))
    .filter(([name, count]) => count !== expected[name])
    .map(([name, count]) => `the parts add up to ${count} ${name}, the dataset says ${expected[name] ?? 0}`);
}
