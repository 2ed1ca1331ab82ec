import assert from 'node:assert/strict';
import { ThreadmillError } from '../src/core/errors.ts';
import { checkJobOverrides, defaultJobSettings, validateJobOverrides } from '../src/settings.ts';

describe('validateJobOverrides()', () => {
  it("takes the guide's names, and nothing for nothing", () => {
    const overrides = {
      maxMemoryUsage: 1024,
      baseBatchSize: 2000,
      enableCheckpoints: true,
      enableResourceMonitoring: true,
      adaptiveBatchSizing: false,
    };
    assert.deepEqual(validateJobOverrides(overrides), overrides);
    assert.deepEqual(validateJobOverrides(undefined), {});
    assert.deepEqual(validateJobOverrides({ format: undefined, baseBatchSize: null }), {});
  });

  it('takes partBytes in bytes and partMib in MiB', () => {
    assert.deepEqual(validateJobOverrides({ partBytes: 1_048_577 }), { partBytes: 1_048_577 });
    assert.deepEqual(validateJobOverrides({ partMib: 2 }), { partBytes: 2_097_152 });
  });

  it('accepts every default of the table', () => {
    assert.deepEqual(validateJobOverrides(defaultJobSettings()), defaultJobSettings());
  });

  it('names every problem in one error, with the words of the table', () => {
    const given = {
      maxMemoryUsage: 'lots',
      baseBatchsize: 5,
      port: 1,
      PUSHSHIFT_MAX_BATCH_SIZE: 7,
      partBytes: 1,
    };
    assert.throws(
      () => validateJobOverrides(given, { from: 'the workflow input' }),
      (error) => {
        assert.ok(error instanceof ThreadmillError && error.code === 'SETTINGS_INVALID');
        assert.match(error.message, /5 problems/);
        assert.match(
          error.message,
          /PUSHSHIFT_MAX_MEMORY_MB \(maxMemoryUsage\) is "lots": must be a whole number of MB from 64 to 1048576; given by the workflow input/,
        );
        assert.match(error.message, /"baseBatchsize" is not a job setting: did you mean baseBatchSize\?/);
        assert.match(error.message, /"port" belongs to the worker or the server/);
        assert.match(
          error.message,
          /"PUSHSHIFT_MAX_BATCH_SIZE" is not a job setting: did you mean maxBatchSize\?/,
        );
        assert.match(error.message, /partMib\) is "1": must be a whole number of bytes from 1048576/);
        return true;
      },
    );
  });

  it('checkJobOverrides() gives problems as values, also between overrides and the base', () => {
    assert.deepEqual(checkJobOverrides({ maxBatchSize: 150 }).problems, []);
    assert.match(
      checkJobOverrides({ maxBatchSize: 50 }).problems[0] ?? '',
      /minBatchSize\) is "100".*given by the settings of the worker and the job's settings/,
    );
    assert.match(
      checkJobOverrides({ baseBatchSize: 300 }, { base: { ...defaultJobSettings(), maxBatchSize: 200 } })
        .problems[0] ?? '',
      /baseBatchSize\) is "300"/,
    );
    assert.match(checkJobOverrides([1]).problems[0] ?? '', /is not an object of job settings/);
  });
});
