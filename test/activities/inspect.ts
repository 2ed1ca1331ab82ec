/** Test helper: the inspection of a job's archives, as a worker does it. */
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { inspectArchive, type InspectInput } from '../../src/activities/inspect-archive.ts';
import type { InspectionResult, JobSettings } from '../../src/contract/job.ts';

/** Inspects under these settings; the dataset's folder goes into `out`. */
export function inspectedUnder(
  settings: JobSettings,
  input: Pick<InspectInput, 'archive' | 'submissions'> & { readonly out: string },
): Promise<InspectionResult> {
  const context = {
    info: { attempt: 1, workflowExecution: { workflowId: 'job' } },
    log: { info: () => undefined },
  };
  // the part of the dependencies that it uses
  const deps = { settings, out: input.out, searchable: false, confine: null };
  return asyncLocalStorage.run(context as unknown as Context, () =>
    inspectArchive(deps as unknown as ActivityDependencies, {
      settings: {},
      replace: false,
      startedMs: null,
      ...input,
    }),
  );
}
