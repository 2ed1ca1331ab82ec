/** Settings from anywhere, of any kind: taken, or refused with one typed error; nothing else comes out. */
import assert from 'node:assert/strict';
import { createRandom, type Random } from '../../samples/generator/random.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { resolveSettings, settingRows } from '../../src/settings.ts';
import { commandProblem, defaultJobSettings, validateJobOverrides } from '../../src/settings/job-settings.ts';
import { mutatedJson, pick, randomJson } from './random-json.ts';

export interface SettingsReport {
  readonly rounds: number;
  /** Those that were taken: neither all nor none. */
  readonly taken: number;
}

function refusedOr<T>(use: () => T): T | null {
  try {
    return use();
  } catch (error) {
    assert.ok(error instanceof ThreadmillError, String(error));
    assert.ok(error.code === 'SETTINGS_INVALID' || error.code === 'USAGE', error.code);
    // a value of any length is quoted, not repeated
    assert.ok(
      error.message.length < 20_000,
      `${error.message.length} characters: ${error.message.slice(0, 200)}`,
    );
    return null;
  }
}

function text(random: Random): string {
  const value = randomJson(random, 1);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** So many rounds from a seed, each through environment, flags, overrides and commands. */
export function fuzzSettings({
  seed,
  rounds,
}: {
  readonly seed: number;
  readonly rounds: number;
}): SettingsReport {
  const random = createRandom(seed);
  let taken = 0;
  for (let round = 0; round < rounds; round++) {
    const some = Array.from({ length: random.below(4) }, () => pick(random, settingRows));
    const env = Object.fromEntries(some.map((row) => [row.env, text(random)]));
    const flags = Object.fromEntries(
      some.map((row) => [row.key, random.chance(1 / 2) ? text(random) : randomJson(random, 1)]),
    );
    if (refusedOr(() => resolveSettings({ env, cwd: import.meta.dirname, flags: {} })) !== null) taken++;
    if (refusedOr(() => resolveSettings({ env: {}, cwd: import.meta.dirname, flags })) !== null) taken++;
    const overrides = random.chance(1 / 3) ? randomJson(random) : mutatedJson(defaultJobSettings(), random);
    const settings = refusedOr(() => validateJobOverrides(overrides));
    if (settings !== null) {
      taken++;
      for (const value of Object.values(settings))
        assert.notEqual(Number.isNaN(value), true, JSON.stringify(overrides));
    }
    for (const setting of ['baseBatchSize', 'maxMemoryUsage'] as const) {
      const value = randomJson(random);
      if (commandProblem(setting, value) === null) assert.ok(Number(value) >= 1, JSON.stringify(value));
    }
  }
  return { rounds, taken };
}
