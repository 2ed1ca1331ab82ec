/** Shows a corpus's progress as it comes: one redrawn line on a terminal, now and then a line elsewhere. */
import type { CorpusProgress } from '../contract/corpus.ts';
import type { CommandContext } from './context.ts';
import { corpusLine, plainCorpusLine } from './render/corpus.ts';

const redrawMs = 250;
/** In a log: a line for every 5 s would be a flood on a corpus of days. */
const plainMs = 30_000;
const plainStepPercent = 10;
/** Where it is not known: some terminals say 0. */
const columnsDefault = 80;
const clearLine = '\r\u001b[2K';

export interface CorpusReporter {
  show(progress: CorpusProgress): void;
  /** A line of talk that does not tear the progress line. */
  say(text: string): void;
  /** Takes the line away. May be called again. */
  end(): void;
}

/** A reporter on stderr; a silent one where talk is not wanted. */
export function corpusReporter({ io, quiet, settings }: CommandContext): CorpusReporter {
  const { logLevel } = settings.values;
  const talks = !quiet && (logLevel === 'info' || logLevel === 'debug');
  const { stderr } = io;
  const live = stderr.isTTY === true;
  let lastMs = -Infinity;
  let last: CorpusProgress | null = null;
  let told: string | null = null;
  let drawn = '';

  function due(progress: CorpusProgress, now: number): boolean {
    if (live) return now - lastMs >= redrawMs;
    return (
      now - lastMs >= plainMs ||
      progress.completionPercentage - (last?.completionPercentage ?? -Infinity) >= plainStepPercent ||
      progress.state !== last?.state
    );
  }
  function say(text: string): void {
    if (drawn !== '') stderr.write(clearLine);
    stderr.write(`${text}\n`);
    if (drawn !== '') stderr.write(drawn);
  }
  return {
    say,
    show(progress) {
      if (!talks) return;
      if (progress.trouble !== undefined && progress.trouble !== told) say(progress.trouble);
      told = progress.trouble ?? told;
      const now = io.nowMs();
      if (!due(progress, now)) return;
      if (progress.state === 'paused' && last?.state !== 'paused')
        say(`Paused; threadmill resume ${progress.jobId} lets it go on`);
      lastMs = now;
      last = progress;
      if (!live) {
        stderr.write(`${plainCorpusLine(progress)}\n`);
        return;
      }
      drawn = corpusLine(progress, stderr.columns || columnsDefault);
      stderr.write(clearLine + drawn);
    },
    end() {
      if (drawn !== '') stderr.write(clearLine);
      drawn = '';
    },
  };
}
