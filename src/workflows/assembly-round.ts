/** Several assemblies side by side, so that the workers that are there share them. */
import type { CancellationScope } from '@temporalio/workflow';
import { KeyMissing } from './readable.ts';

export interface RoundOptions {
  /** Cancelled by a change, by the job's end, and by the first failure; assemblies then return what they have. */
  readonly scope: CancellationScope;
  /** At a time. */
  readonly lanes: number;
  /** Asked before each group. */
  readonly mayStart: () => boolean;
  readonly assemble: (group: readonly number[]) => Promise<void>;
}

/** Runs groups until all are through, none may start any more, or the scope is cancelled. Throws the first failure, once all have ended. */
export async function assemblyRound(
  groups: readonly (readonly number[])[],
  { scope, lanes, mayStart, assemble }: RoundOptions,
): Promise<void> {
  const waiting = [...groups];
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (!scope.consideredCancelled && mayStart()) {
      const group = waiting.shift();
      if (group === undefined) return;
      try {
        await assemble(group);
      } catch (error) {
        // the workflow task is to fail with it, as if nothing had been decided since
        if (error instanceof KeyMissing) throw error;
        failures.push(error);
        scope.cancel();
      }
    }
  };
  await scope.run(async () => {
    await Promise.all(Array.from({ length: Math.min(lanes, groups.length) }, lane));
  });
  if (failures.length > 0) throw failures[0] as Error;
}
