/** What the ledger's lines add up to. */
import type { CorpusFailure, CorpusWhere, ListedArchive, RecordedArchive } from '../../contract/corpus.ts';
import { zeroTally } from '../../contract/corpus-state.ts';
import type { LedgerEntry } from '../../engine/corpus/ledger.ts';
import type { Manifest } from '../../engine/dataset/manifest.ts';

/** Workflows remember a few, and a message may quote lines. */
const messageCharactersMax = 600;

/** Whether a dataset was there before the corpus was begun: what an attempt that was killed has made counts as work. */
export function stoodBefore({ createdAt }: Manifest, { startedMs }: Pick<CorpusWhere, 'startedMs'>): boolean {
  return Date.parse(createdAt) < startedMs;
}

/** One archive's tally; its bytes are those of the list, so that all of them add up to the corpus's. */
export function recordOf(listed: ListedArchive, entry: LedgerEntry, standing: boolean): RecordedArchive {
  const { bytes } = listed;
  const failed = entry.error !== null;
  return {
    tally: {
      ...zeroTally,
      done: failed ? 0 : 1,
      standing: standing ? 1 : 0,
      failed: failed ? 1 : 0,
      bytes,
      idleBytes: failed || standing ? bytes : 0,
      counters: entry.counters,
    },
    failure: failureIn(entry),
  };
}

function failureIn({ archive, error }: LedgerEntry): CorpusFailure | null {
  if (error === null) return null;
  const { code, message } = error;
  const short =
    message.length > messageCharactersMax ? `${message.slice(0, messageCharactersMax)}…` : message;
  return { archive, code, message: short };
}
