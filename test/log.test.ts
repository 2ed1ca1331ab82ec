import assert from 'node:assert/strict';
import { createLogger, logFields, temporalLogger } from '../src/log.ts';
import { logLevels, type LogLevel } from '../src/settings/values.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

async function logged(
  level: LogLevel,
  talk: (logger: Awaited<ReturnType<typeof createLogger>>) => void,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const destination = { write: (text: string): number => lines.push(JSON.parse(text) as Line) };
  talk(await createLogger({ level, pretty: false, destination }));
  return lines;
}

describe('createLogger()', () => {
  it('says what is at its level or above, one JSON object a line with the process', async () => {
    const said: Record<string, readonly string[]> = {};
    for (const level of logLevels) {
      const lines = await logged(level, (logger) => {
        for (const each of ['debug', 'info', 'warn', 'error'] as const) logger[each](each);
      });
      said[level] = lines.map(({ msg }) => msg);
      assert.ok(lines.every(({ pid }) => pid === process.pid));
    }
    assert.deepEqual(said, {
      debug: ['debug', 'info', 'warn', 'error'],
      info: ['info', 'warn', 'error'],
      warn: ['warn', 'error'],
      error: ['error'],
      silent: [],
    });
  });
});

describe('temporalLogger()', () => {
  it("passes the SDK's lines on under our names, with the correlation id", async () => {
    const lines = await logged('info', (logger) => {
      temporalLogger(logger).warn('Disk is slow', {
        sdkComponent: 'activity',
        workflowId: 'RC_2005-12-0123abcd',
        workflowRunId: '0f3c9a77-aaaa-bbbb-cccc-ddddeeeeffff',
        segment: 3,
        attempt: 2,
        activityType: 'processSegment',
        taskQueue: 'threadmill',
        isLocal: false,
      });
    });
    const [line] = lines;
    assert.equal(line?.msg, 'Disk is slow');
    assert.equal(line['correlationId'], 'RC_2005-12-0123abcd/0f3c9a77/3/2');
    assert.deepEqual(
      [line['job'], line['run'], line['segment'], line['attempt'], line['activity']],
      ['RC_2005-12-0123abcd', '0f3c9a77-aaaa-bbbb-cccc-ddddeeeeffff', 3, 2, 'processSegment'],
    );
    assert.deepEqual(
      [line['taskQueue'], line['isLocal'], line['sdkComponent']],
      [undefined, undefined, undefined],
    );
  });

  it("lowers the SDK's own life to debug, and keeps its warnings and what activities and workflows say", async () => {
    const talk = (logger: Parameters<typeof temporalLogger>[0]): void => {
      const sdk = temporalLogger(logger);
      sdk.info('Worker state changed', { sdkComponent: 'worker' });
      sdk.info('core speaks', { sdkComponent: 'core' });
      sdk.warn('worker warns', { sdkComponent: 'worker' });
      sdk.info('activity speaks', { sdkComponent: 'activity' });
      sdk.info('workflow speaks', { sdkComponent: 'workflow' });
      sdk.info('nobody in particular');
    };
    assert.deepEqual(
      (await logged('info', talk)).map(({ msg }) => msg),
      ['worker warns', 'activity speaks', 'workflow speaks', 'nobody in particular'],
    );
    assert.equal((await logged('debug', talk)).length, 6);
  });

  it('has a failed attempt as a warning and a failed job as an error, unless whoever waits for the job tells it', async () => {
    const levels = async (failuresAreTold: boolean): Promise<readonly number[]> => {
      const lines = await logged('debug', (logger) => {
        const sdk = temporalLogger(logger, { failuresAreTold });
        sdk.warn('Activity failed', { sdkComponent: 'worker' });
        sdk.warn('Workflow failed', { sdkComponent: 'worker' });
      });
      return lines.map(({ level }) => level);
    };
    assert.deepEqual(await levels(false), [40, 50]);
    assert.deepEqual(await levels(true), [30, 30]);
  });
});

describe('logFields()', () => {
  it('makes the correlation id of what is known, and none without a job', () => {
    assert.equal(logFields({ workflowId: 'j' })['correlationId'], 'j');
    assert.equal(logFields({ workflowId: 'j', attempt: 2 })['correlationId'], 'j/-/-/2');
    assert.equal(
      logFields({ workflowId: 'j', runId: '0123456789', segment: 0 })['correlationId'],
      'j/01234567/0',
    );
    assert.deepEqual(logFields({ attempt: 2, error: undefined }), { attempt: 2 });
  });

  it('puts the correlation id first, and passes fields of ours through', () => {
    const fields = logFields({ part: 7, workflowId: 'j', namespace: 'default' });
    assert.deepEqual(Object.entries(fields), [
      ['correlationId', 'j'],
      ['part', 7],
      ['job', 'j'],
    ]);
  });
});
