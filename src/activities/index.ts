/** The activities, bound to what the worker gives them. */
import type { AssemblyInput, AssemblyResult } from '../contract/assembly.ts';
import type {
  CleanUpResult,
  InspectionResult,
  PublishInput,
  SegmentInput,
  SegmentResult,
} from '../contract/job.ts';
import { assembleThreads } from './assemble-threads.ts';
import { cleanUp } from './clean-up.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { inspectArchive, type InspectInput } from './inspect-archive.ts';
import { letGo } from './let-go.ts';
import { processSegment } from './process-segment.ts';
import { publishDataset } from './publish-dataset.ts';
import { onReadable } from './readable.ts';

export interface Activities {
  inspectArchive(input: InspectInput): Promise<InspectionResult>;
  processSegment(input: SegmentInput): Promise<SegmentResult>;
  assembleThreads(input: AssemblyInput): Promise<AssemblyResult>;
  publishDataset(input: PublishInput): Promise<void>;
  letGo(input: { readonly jobId: string; readonly dataset: string }): Promise<void>;
  cleanUp(): Promise<CleanUpResult>;
}

export type { ActivityDependencies, InspectInput };

/** The functions that a worker registers, by the names that workflows call. */
export function createActivities(deps: ActivityDependencies): Activities {
  return {
    inspectArchive: onReadable((input) => inspectArchive(deps, input)),
    processSegment: onReadable((input) => processSegment(deps, input)),
    assembleThreads: onReadable((input) => assembleThreads(deps, input)),
    publishDataset: onReadable((input) => publishDataset(deps, input)),
    letGo: onReadable((input) => letGo(deps, input)),
    cleanUp: () => cleanUp(deps),
  };
}
