import assert from 'node:assert/strict';
import type { CancellationScope } from '@temporalio/workflow';
import { assemblyRound } from '../../src/workflows/assembly-round.ts';

/** What a round uses of a scope. */
function fakeScope() {
  const scope = {
    consideredCancelled: false,
    cancel: () => {
      scope.consideredCancelled = true;
    },
    run: (work: () => Promise<void>) => work(),
  };
  return scope as unknown as CancellationScope & { readonly consideredCancelled: boolean };
}

const groups = [[0], [1], [2], [3], [4]];
const turn = (): Promise<void> => new Promise(setImmediate);

describe('assemblyRound()', () => {
  it('runs every group once, so many at a time', async () => {
    const seen: number[] = [];
    let running = 0;
    let most = 0;
    await assemblyRound(groups, {
      scope: fakeScope(),
      lanes: 3,
      mayStart: () => true,
      assemble: async ([index = -1]) => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        seen.push(index);
      },
    });
    assert.deepEqual([seen.sort(), most], [[0, 1, 2, 3, 4], 3]);
  });

  it('starts none when it may not, nor after its scope is cancelled', async () => {
    let started = 0;
    const assemble = async (): Promise<void> => {
      started++;
      await turn();
    };
    await assemblyRound(groups, { scope: fakeScope(), lanes: 3, mayStart: () => started < 2, assemble });
    assert.equal(started, 2);
    started = 0;
    const scope = fakeScope();
    const cancelling = async (): Promise<void> => {
      await assemble();
      scope.cancel();
    };
    await assemblyRound(groups, { scope, lanes: 2, mayStart: () => true, assemble: cancelling });
    assert.equal(started, 2);
  });

  it('cancels the others where one fails, waits for what they return, and throws the first failure', async () => {
    const scope = fakeScope();
    let ended = 0;
    const round = assemblyRound(groups, {
      scope,
      lanes: 3,
      mayStart: () => true,
      assemble: async ([index]) => {
        await turn();
        if (index === 1) throw new Error('broken spill');
        await turn();
        ended++;
      },
    });
    await assert.rejects(round, /broken spill/);
    assert.deepEqual([scope.consideredCancelled, ended], [true, 2]);
  });
});
