/** The activity that finds and sizes the archives of a corpus, and takes the output folder for it. */
import { Context } from '@temporalio/activity';
import type { CorpusJobInput, CorpusListing, ListedArchive } from '../../contract/corpus.ts';
import { joinProblem } from '../../contract/join.ts';
import type { JobSettings } from '../../contract/job.ts';
import { findArchives } from '../../engine/corpus/find-archives.ts';
import { removePieces } from '../../engine/corpus/ledger.ts';
import { listArchives, writeList } from '../../engine/corpus/list.ts';
import { corpusFolder } from '../../engine/corpus/names.ts';
import { claimDataset } from '../../engine/dataset/claim.ts';
import { checkConfined } from '../../engine/output/confine.ts';
import { readNameFiles } from '../../engine/selection/name-files.ts';
import { checkSelection } from '../../engine/selection/plan.ts';
import { compileRegex } from '../../engine/selection/regex.ts';
import { resolvePlace } from '../../engine/storage/place.ts';
import { settingsOfJob } from '../../settings/job-settings.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failureOf } from '../failures.ts';
import { isOpenJob } from '../open-job.ts';
import { beating } from './beating.ts';

/**
 * Checks the settings, finds the archives, writes their list into the corpus's folder, and claims that. Idempotent. A look at
 * each file and at no byte of it; heartbeats every second, because of network file systems.
 */
export async function listCorpus(deps: ActivityDependencies, input: CorpusJobInput): Promise<CorpusListing> {
  const { info, log } = Context.current();
  const jobId = info.workflowExecution?.workflowId ?? info.activityId;
  const stop = beating();
  try {
    const settings = readNameFiles(settingsOfJob(deps.settings, input.settings));
    const join = input.join === true;
    const problem = join ? joinProblem(settings) : null;
    if (problem !== null) throw problem;
    const out = input.out === undefined ? deps.out : resolvePlace(input.out);
    const folder = corpusFolder(out);
    await checkConfined(folder, deps.confine);
    const found = await findArchives({ archives: input.archives ?? [], list: input.list, out });
    const listed = await listArchives(found, { join });
    checkWhatIsSelected(listed, settings);
    await claimDataset(folder, jobId, {
      isRunning: (other) => isOpenJob(deps.client, other),
      replace: false,
    });
    await removePieces(folder);
    const list = await writeList(folder, listed);
    const { archives, bytes, large } = list;
    log.info('Corpus listed', { out, archives, bytes, large, batches: list.batches.length });
    return { out, folder, settings, ...list, searchable: deps.searchable, nowMs: Date.now() };
  } catch (error) {
    throw failureOf(error, info.attempt);
  } finally {
    stop();
  }
}

/** What no archive of a kind can be asked for would fail each of them by itself. */
function checkWhatIsSelected(listed: readonly ListedArchive[], settings: JobSettings): void {
  if (settings.regex !== undefined) compileRegex(settings.regex);
  for (const joined of [false, true]) {
    for (const kind of ['comments', 'submissions'] as const) {
      const has = listed.some((each) => each.kind === kind && (each.submissions !== undefined) === joined);
      if (has) checkSelection(settings, kind, joined);
    }
  }
}
