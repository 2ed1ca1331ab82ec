/** The activities, bound to what the worker gives them. */
import type { AssemblyInput, AssemblyResult } from '../contract/assembly.ts';
import type {
  CleanUpResult,
  InspectionResult,
  PublishInput,
  SegmentInput,
  SegmentResult,
} from '../contract/job.ts';
import type {
  CorpusJobInput,
  CorpusListing,
  PrepareInput,
  PreparedArchive,
  PublishCorpusInput,
  RecordInput,
  RecordedArchive,
  SmallBatchInput,
  SmallBatchResult,
} from '../contract/corpus.ts';
import { assembleThreads } from './assemble-threads.ts';
import { cleanUp } from './clean-up.ts';
import type {
  FinishedReframe,
  FinishReframeInput,
  ReframePlan,
  WriteFramesInput,
  WriteFramesResult,
} from '../contract/reframe.ts';
import { prepareArchive, recordArchive } from './corpus/large-archive.ts';
import { listCorpus } from './corpus/list-corpus.ts';
import { publishCorpus } from './corpus/publish-corpus.ts';
import { processSmallArchives } from './corpus/small-batch.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { guarded } from './guarded.ts';
import { inspectArchive, type InspectInput } from './inspect-archive.ts';
import { letGo } from './let-go.ts';
import { processSegment } from './process-segment.ts';
import { publishDataset } from './publish-dataset.ts';
import { finishReframe, openReframe, writeFrames, type OpenReframeInput } from './reframe.ts';

export interface Activities {
  inspectArchive(input: InspectInput): Promise<InspectionResult>;
  processSegment(input: SegmentInput): Promise<SegmentResult>;
  assembleThreads(input: AssemblyInput): Promise<AssemblyResult>;
  publishDataset(input: PublishInput): Promise<void>;
  letGo(input: { readonly jobId: string; readonly dataset: string }): Promise<void>;
  cleanUp(): Promise<CleanUpResult>;
  openReframe(input: OpenReframeInput): Promise<ReframePlan>;
  writeFrames(input: WriteFramesInput): Promise<WriteFramesResult>;
  finishReframe(input: FinishReframeInput): Promise<FinishedReframe>;
  listCorpus(input: CorpusJobInput): Promise<CorpusListing>;
  processSmallArchives(input: SmallBatchInput): Promise<SmallBatchResult>;
  prepareArchive(input: PrepareInput): Promise<PreparedArchive>;
  recordArchive(input: RecordInput): Promise<RecordedArchive>;
  publishCorpus(input: PublishCorpusInput): Promise<void>;
}

export type { ActivityDependencies, InspectInput };

/** The functions that a worker registers, by the names that workflows call. */
export function createActivities(deps: ActivityDependencies): Activities {
  return {
    inspectArchive: guarded(deps, inspectArchive),
    processSegment: guarded(deps, processSegment),
    assembleThreads: guarded(deps, assembleThreads),
    publishDataset: guarded(deps, publishDataset),
    letGo: guarded(deps, letGo),
    cleanUp: () => cleanUp(deps),
    openReframe: guarded(deps, openReframe),
    writeFrames: guarded(deps, writeFrames),
    finishReframe: guarded(deps, finishReframe),
    listCorpus: guarded(deps, listCorpus),
    processSmallArchives: guarded(deps, processSmallArchives),
    prepareArchive: guarded(deps, prepareArchive),
    recordArchive: guarded(deps, recordArchive),
    publishCorpus: guarded(deps, publishCorpus),
  };
}
