/** All rows, round after round, so that whatever the machine does besides falls on all of them. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Measured, Row, Sample } from './row.ts';

export interface RoundsOptions {
  readonly rounds: number;
  /** Folder for what rows write, on a real disk. */
  readonly scratch: string;
  /** Journal of the samples: a run that was interrupted goes on with `resume`. */
  readonly journal: string;
  readonly resume: boolean;
  /** What must be the same for a run to go on: the commit, the archives, Node. */
  readonly identity: string;
  readonly gnuTime: string | null;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

interface JournalEntry {
  readonly id: string;
  readonly round: number;
  readonly sample?: Sample;
  readonly error?: string;
}

/** For the slowest row: a minute for each started GB is a twentieth of the floor's speed. */
const timeoutMsFor = (bytes: number): number => 60_000 * Math.ceil(bytes / 1e9) + 30_000;

/**
 * Measures every row in every round, `once` rows in the first only. A row that fails keeps its error and is not tried
 * again; all others go on.
 */
export async function runRounds(rows: readonly Row[], options: RoundsOptions): Promise<readonly Measured[]> {
  const done = openJournal(options);
  const { rounds, signal, say } = options;
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      signal.throwIfAborted();
      if (row.missing !== undefined || (row.once === true && round > 0)) continue;
      const mine = done.filter(({ id }) => id === row.id);
      if (mine.some((entry) => entry.round === round || entry.error !== undefined)) continue;
      const entry: JournalEntry = { id: row.id, round, ...(await measureRow(row, options)) };
      done.push(entry);
      appendFileSync(options.journal, `${JSON.stringify(entry)}\n`);
      say(`round ${round + 1}  ${row.id}: ${entry.error ?? `${entry.sample?.seconds.toFixed(2) ?? ''} s`}`);
    }
  }
  return rows.map((row) => {
    const mine = done.filter(({ id }) => id === row.id);
    return {
      row,
      samples: mine.flatMap(({ sample }) => (sample === undefined ? [] : [scaled(row, sample)])),
      error: mine.find(({ error }) => error !== undefined)?.error ?? null,
    };
  });
}

async function measureRow(
  row: Row,
  { scratch, gnuTime, signal }: RoundsOptions,
): Promise<{ readonly sample: Sample } | { readonly error: string }> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(path.join(scratch, 'row-'));
  try {
    const timeoutMs = timeoutMsFor((row.measuredOn ?? row.archive).bytes);
    const { seconds, cpuSeconds, peakBytes, bytesOut, beyondWindowBytes, facts } = await row.run({
      folder,
      signal,
      gnuTime,
      timeoutMs,
    });
    return {
      sample: {
        ...{ seconds, cpuSeconds, peakBytes, bytesOut },
        ...(beyondWindowBytes === undefined ? {} : { beyondWindowBytes }),
        ...(facts === undefined ? {} : { facts }),
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scaled({ archive, measuredOn }: Row, sample: Sample): Sample {
  if (measuredOn === undefined) return sample;
  const times = archive.bytes / measuredOn.bytes;
  const multiplied = (value: number | null): number | null => (value === null ? null : value * times);
  return {
    ...sample,
    seconds: sample.seconds * times,
    cpuSeconds: multiplied(sample.cpuSeconds),
    bytesOut: multiplied(sample.bytesOut),
  };
}

function openJournal({ journal, resume, identity, say }: RoundsOptions): JournalEntry[] {
  if (resume && existsSync(journal)) {
    const [first = '', ...lines] = readFileSync(journal, 'utf8').trim().split('\n');
    // what failed is tried again
    if (first === JSON.stringify({ identity }))
      return lines.map((line) => JSON.parse(line) as JournalEntry).filter(({ error }) => error === undefined);
    say(
      `The interrupted run was of other sources, archives or Node than '${identity}': all rows are measured anew`,
    );
  }
  mkdirSync(path.dirname(journal), { recursive: true });
  writeFileSync(journal, `${JSON.stringify({ identity })}\n`);
  return [];
}
