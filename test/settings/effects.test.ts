import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import { applyChange, beginJob } from '../../src/contract/job-state.ts';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import { inFlightBytesFor } from '../../src/engine/pipeline/archive-pipeline.ts';
import { identify } from '../../src/engine/dataset/job-id.ts';
import { createLogger } from '../../src/log.ts';
import { dataConverterOf } from '../../src/payloads/data-converter.ts';
import { settingRows, type SettingKey } from '../../src/settings.ts';
import { inspectedUnder } from '../activities/inspect.ts';
import { found, jobState } from '../contract/scene.ts';
import { inFolder } from '../engine/dataset/scene.ts';
import { madeSplit } from '../engine/split/scene.ts';
import { assembled } from '../engine/threads/assemble.ts';
import { MonitorScene } from '../engine/resources/scene.ts';
import { base, lines } from './records.ts';
import { jobSettings, millUnder, valuesOf, type Env } from './scene.ts';
import { selectionEffects } from './selection-effects.ts';

const MiB = 2 ** 20;
/** Ids of the lines that a job keeps under an environment, of an archive of these comments. */
function keptUnder(env: Env, text: string): Promise<readonly string[]> {
  let ids: readonly string[] = [];
  return inFolder(async (folder) => {
    const archive = path.join(folder, 'a_comments.jsonl');
    await writeFile(archive, text);
    const { rows } = await millUnder({ THREADMILL_FORMAT: 'jsonl', ...env }, archive);
    ids = rows.map((row) => (JSON.parse(row) as typeof base).id);
  }).then(() => ids);
}

/** A boolean of the filter: with it the ids of `excluded` are not kept, without it they are. */
async function assertFilter(env: string, text: string, excluded: readonly string[]): Promise<void> {
  const all = await keptUnder({ [env]: 'false' }, text);
  const filtered = await keptUnder({ [env]: 'true' }, text);
  assert.deepEqual(
    all.filter((id) => !filtered.includes(id)),
    excluded,
  );
  assert.deepEqual(await keptUnder({}, text), filtered, 'the default');
}

function monitored<T>(env: Env, use: (scene: MonitorScene) => T): T {
  const scene = new MonitorScene({ ...jobSettings(env) });
  try {
    return use(scene);
  } finally {
    scene.monitor.close();
  }
}

/** Seen where a server is: the file that has a test with the variable's name in its title. */
type Effect = (() => Promise<void> | void) | 'jobs.test.ts' | 'server.test.ts' | 'metrics.test.ts';

/** One effect of each setting; the compiler refuses a setting without one. */
const effects: Readonly<Record<SettingKey, Effect>> = {
  out: 'jobs.test.ts',
  confineOut: 'jobs.test.ts',

  format: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({}));
      const made: Record<string, readonly [string, string]> = {};
      for (const format of ['parquet', 'jsonl.zst', 'jsonl', 'csv']) {
        const { entries, rows } = await millUnder({ THREADMILL_FORMAT: format }, archive);
        made[format] = [entries[0]?.file ?? '', rows.join('').slice(0, 4)];
      }
      assert.equal(made['parquet']?.[0], 'part-00000.parquet');
      assert.equal(made['jsonl.zst']?.[0], 'part-00000.jsonl.zst');
      assert.deepEqual(made['jsonl'], ['part-00000.jsonl', '{"id']);
      assert.deepEqual(made['csv'], ['part-00000.csv', 'id,c']);
    }),

  partMib: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({ body: 'x'.repeat(1000) }).repeat(2500));
      const ends = async (env: Env): Promise<readonly number[]> =>
        (await millUnder(env, archive)).entries.map(({ end }) => Math.floor(end / MiB));
      assert.deepEqual(await ends({ THREADMILL_PART_MIB: '1' }), [1, 2, 2]);
      assert.deepEqual(await ends({ THREADMILL_PART_MIB: '2' }), [2, 2]);
      assert.deepEqual(await ends({}), [2]);
    }),

  keepRaw: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({}));
      const csv = async (keepRaw: string): Promise<readonly string[]> =>
        (await millUnder({ THREADMILL_FORMAT: 'csv', THREADMILL_KEEP_RAW: keepRaw }, archive)).rows;
      const [head, row] = await csv('true');
      assert.match(head ?? '', /,raw$/);
      assert.ok(row?.includes('""link_id"":""t3_a""'));
      assert.doesNotMatch((await csv('false'))[0] ?? '', /raw/);
    }),

  preserveThreads: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({ id: 'c1' }, { id: 'c2', link_id: 't3_b' }, { id: 'c3' }));
      const under = async (value: string): Promise<readonly [jobId: string, buckets: number | undefined]> => {
        const settings = jobSettings({ PUSHSHIFT_PRESERVE_THREADS: value });
        const { buckets } = await inspectedUnder(settings, { archive, out: folder });
        return [identify(archive, folder, settings).jobId, buckets];
      };
      // what buckets make of rows is told in test/engine/threads
      const [[job, buckets], [flatJob, flatBuckets]] = [await under('true'), await under('false')];
      assert.deepEqual([buckets, flatBuckets], [1, 0]);
      assert.notEqual(job, flatJob);
    }),

  paths: async () => {
    const made = async (value: string): Promise<readonly string[]> => {
      const settings = jobSettings({ THREADMILL_FORMAT: 'conversations', THREADMILL_PATHS: value });
      const { text } = await assembled({ comments: [base, { ...base, id: 'c2' }] }, settings);
      return text.split('\n').slice(0, -1);
    };
    assert.equal((await made('false')).length, 1, 'one thread');
    assert.equal((await made('true')).length, 2, 'two paths');
    assert.throws(() => jobSettings({ THREADMILL_PATHS: 'true' }), /must go with the format conversations/);
    const flat = { THREADMILL_FORMAT: 'conversations', PUSHSHIFT_PRESERVE_THREADS: 'false' };
    assert.throws(() => jobSettings(flat), /must go with PUSHSHIFT_PRESERVE_THREADS/);
  },

  validateTimestamps: () =>
    assertFilter(
      'PUSHSHIFT_VALIDATE_TIMESTAMPS',
      lines(
        { id: 'fine' },
        { id: 'before', created_utc: 1_000_000_000 },
        { id: 'after', created_utc: 1_700_000_000, retrieved_on: 1_600_000_000 },
      ),
      ['before', 'after'],
    ),

  qualityMinScore: async () => {
    const scores = [-100, -6, -5, 0, 7, null];
    const text = lines(...scores.map((score) => ({ id: String(score), score })));
    assert.deepEqual(await keptUnder({}, text), ['-5', '0', '7', 'null']);
    assert.deepEqual(await keptUnder({ PUSHSHIFT_QUALITY_MIN_SCORE: '7' }, text), ['7', 'null']);
    assert.equal((await keptUnder({ PUSHSHIFT_QUALITY_MIN_SCORE: '-1000' }, text)).length, scores.length);
  },

  excludeDeleted: () =>
    assertFilter(
      'PUSHSHIFT_EXCLUDE_DELETED',
      lines(
        { id: 'fine' },
        { id: 'author', author: '[deleted]' },
        { id: 'body', body: '[deleted]' },
        { id: 'category', removed_by_category: 'deleted' },
      ),
      ['author', 'body', 'category'],
    ),

  excludeRemoved: () =>
    assertFilter(
      'PUSHSHIFT_EXCLUDE_REMOVED',
      lines(
        { id: 'fine' },
        { id: 'body', body: '[removed]' },
        { id: 'category', removed_by_category: 'moderator' },
      ),
      ['body', 'category'],
    ),

  columns: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({}));
      const env = { THREADMILL_FORMAT: 'csv', THREADMILL_COLUMNS: 'body, ID' };
      assert.deepEqual((await millUnder(env, archive)).rows, ['id,body', 'c1,text']);
      const objects = await millUnder({ ...env, THREADMILL_FORMAT: 'jsonl' }, archive);
      assert.deepEqual(objects.rows, ['{"id":"c1","body":"text"}']);
    }),

  splitBy: () =>
    inFolder(async (folder) => {
      const text = lines({ subreddit: 'Austin' }, { id: 'c2' }, { id: 'c3', subreddit: 'austin' });
      const settings = jobSettings({ THREADMILL_SPLIT_BY: 'subreddit', PUSHSHIFT_PRESERVE_THREADS: 'false' });
      const { splitBy = 'month' } = settings;
      const made = path.join(folder, 'made');
      await madeSplit(made, { settings: { ...settings, splitBy }, texts: { comments: text } });
      assert.deepEqual((await readdir(path.join(made, 'by-subreddit'))).sort(), [
        '%missing.parquet',
        'austin.parquet',
      ]);
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, text);
      const under = (env: Env): string => identify(archive, folder, jobSettings(env)).jobId;
      assert.equal(
        new Set([
          under({}),
          under({ THREADMILL_SPLIT_BY: 'author' }),
          under({ THREADMILL_SPLIT_BY: 'month' }),
        ]).size,
        3,
      );
      const conversations = { THREADMILL_FORMAT: 'conversations', THREADMILL_SPLIT_BY: 'author' };
      assert.throws(() => jobSettings(conversations), /THREADMILL_SPLIT_BY.*cuts threads/);
    }),

  extra: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({ ups: 3, thumbnail: 'self' }));
      const env = { THREADMILL_FORMAT: 'csv', THREADMILL_COLUMNS: 'id', THREADMILL_EXTRA: 'true' };
      const { rows } = await millUnder(env, archive);
      assert.deepEqual(rows, ['id,extra', 'c1,"{""ups"":3,""thumbnail"":""self""}"']);
    }),

  ...selectionEffects,

  salvage: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.zst');
      const frame = zlib.zstdCompressSync(lines({ id: 'c1' }, { id: 'c2' }));
      await writeFile(archive, Buffer.concat([frame, frame]));
      await truncate(archive, frame.length + 20);
      const stopped = await millUnder({ THREADMILL_SALVAGE: 'false' }, archive);
      assert.deepEqual([stopped.end.damage?.kind, stopped.end.holes], ['truncated', []]);
      const gone = await millUnder({ THREADMILL_SALVAGE: 'true' }, archive);
      assert.deepEqual([gone.end.damage, gone.end.holes.length], [null, 1]);
      assert.deepEqual([stopped.counters.kept, gone.counters.kept], [2, 2]);
    }),

  maxRejectRate: 'jobs.test.ts',

  minBatchSize: () => {
    const env = { PUSHSHIFT_MIN_BATCH_SIZE: '700' };
    monitored(env, (scene) => {
      for (let block = 0; block < 20; block++) scene.at(900);
      assert.equal(scene.batchSize, 700, 'adaptive');
    });
    const set = (given: Env): number =>
      applyChange(jobState({ settings: jobSettings(given) }), { batchSize: 1 }).batchSize;
    assert.deepEqual([set(env), set({})], [700, 100], 'set by a person');
  },

  maxBatchSize: () => {
    const env = { PUSHSHIFT_MAX_BATCH_SIZE: '1500' };
    const grown = (given: Env): number =>
      monitored(given, (scene) => {
        for (let block = 0; block < 20; block++) scene.at(1);
        return scene.batchSize;
      });
    assert.deepEqual([grown(env), grown({})], [1500, 5000], 'adaptive');
    const set = (given: Env): number =>
      applyChange(jobState({ settings: jobSettings(given) }), { batchSize: 99_999 }).batchSize;
    assert.deepEqual([set(env), set({})], [1500, 5000], 'set by a person');
  },

  baseBatchSize: () => {
    const first = (env: Env): number => beginJob({ ...found, settings: jobSettings(env) }).batchSize;
    assert.equal(first({ PUSHSHIFT_BASE_BATCH_SIZE: '777' }), 777);
    assert.equal(first({ PUSHSHIFT_BASE_BATCH_SIZE: 'auto' }), 5000);
  },

  maxMemoryUsage: async () => {
    const env = { PUSHSHIFT_MAX_MEMORY_MB: '200' };
    const reaction = (given: Env, residentMb: number): readonly [number, number] =>
      monitored(given, (scene) => {
        scene.at(residentMb);
        return [scene.warnings.length, scene.holds.length];
      });
    assert.deepEqual(
      [159, 160, 189, 190].map((residentMb) => reaction(env, residentMb)),
      [
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 1],
      ],
    );
    assert.deepEqual(reaction({}, 190), [0, 0]);
    const inFlight = (given: Env): number =>
      inFlightBytesFor(jobSettings(given).maxMemoryUsage * 1_000_000, 2);
    assert.deepEqual([inFlight(env), inFlight({})], [25_000_000, 64_000_000]);
    const sample = new URL('../../samples/austinfood_comments.zst', import.meta.url);
    const needed = async (given: Env): Promise<number> =>
      (await inspectArchive(sample.pathname, { maxMemoryMb: jobSettings(given).maxMemoryUsage })).memoryBytes;
    assert.equal((await needed({})) - (await needed(env)), 312_000_000);
  },

  enableResourceMonitoring: () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a_comments.jsonl');
      await writeFile(archive, lines({}).repeat(10));
      const statsUnder = async (value: string): Promise<unknown> =>
        (await millUnder({ PUSHSHIFT_ENABLE_RESOURCE_MONITORING: value }, archive)).stats;
      assert.equal(await statsUnder('false'), null);
      assert.notEqual(await statsUnder('true'), null);
      monitored({ PUSHSHIFT_ENABLE_RESOURCE_MONITORING: 'false' }, (scene) => {
        scene.at(900);
        assert.deepEqual([scene.samples, scene.warnings, scene.holds, scene.sizes], [0, [], [], []]);
      });
    }),

  adaptiveBatchSizing: () => {
    const sizes = (value: string): readonly number[] =>
      monitored({ PUSHSHIFT_ADAPTIVE_BATCH_SIZING: value }, (scene) =>
        [10, 450, 900].map((residentMb) => {
          scene.at(residentMb);
          return scene.batchSize;
        }),
      );
    assert.deepEqual(sizes('false'), [1000, 1000, 1000]);
    assert.deepEqual(sizes('true'), [1250, 625, 100]);
  },

  progressReportingInterval: 'jobs.test.ts',

  resourceCheckInterval: () => {
    // the rate is that of the last check: ten lines a second at first, then a thousand
    const rate = (interval: string): number | undefined =>
      monitored({ PUSHSHIFT_RESOURCE_CHECK_INTERVAL: interval }, (scene) => {
        scene.mill(10);
        scene.mill(1000);
        return scene.monitor.stats()?.processingRate;
      });
    assert.deepEqual([rate('10'), rate('1000'), rate('5000')], [1000, 505, 0]);
  },

  memoryCheckInterval: () => {
    const samples = (interval: string): number =>
      monitored({ PUSHSHIFT_MEMORY_CHECK_INTERVAL: interval }, (scene) => {
        for (let block = 0; block < 20; block++) scene.mill(1000);
        return scene.samples;
      });
    assert.deepEqual([samples('1000'), samples('5000'), samples('20001')], [20, 4, 0]);
  },

  threads: 'jobs.test.ts',
  enableCheckpoints: 'jobs.test.ts',
  maxCheckpointsPerJob: 'jobs.test.ts',
  checkpointPersistence: 'server.test.ts',
  checkpointStorage: 'server.test.ts',
  checkpointCleanupInterval: 'server.test.ts',
  checkpointRetentionPeriod: 'server.test.ts',
  address: 'server.test.ts',
  namespace: 'server.test.ts',
  taskQueue: 'jobs.test.ts',
  port: 'server.test.ts',
  uiPort: 'server.test.ts',
  dataDir: 'server.test.ts',
  temporalCli: 'server.test.ts',
  metricsAddress: 'metrics.test.ts',

  payloadKey: async () => {
    const key = randomBytes(32).toString('base64');
    const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"seen"') };
    const encoded = async (env: Env): Promise<string> => {
      const [codec] = dataConverterOf(valuesOf(env).payloadKey, 'throw').payloadCodecs ?? [];
      return JSON.stringify(await codec?.encode([payload]));
    };
    assert.equal(await encoded({}), JSON.stringify([payload]));
    assert.notEqual(await encoded({ THREADMILL_PAYLOAD_KEY: key }), JSON.stringify([payload]));
  },

  logLevel: async () => {
    const said = async (env: Env): Promise<number> => {
      let count = 0;
      const destination = { write: (): number => count++ };
      const logger = await createLogger({ level: valuesOf(env).logLevel, pretty: false, destination });
      logger.info('told');
      logger.warn('told');
      return count;
    };
    assert.equal(await said({}), 2);
    assert.equal(await said({ THREADMILL_LOG_LEVEL: 'warn' }), 1);
    assert.equal(await said({ THREADMILL_LOG_LEVEL: 'silent' }), 0);
  },
};

describe('the effect of', () => {
  for (const { key, env } of settingRows) {
    const effect = effects[key];
    if (typeof effect === 'function') it(env, effect);
    else {
      it(`${env} is seen in e2e-settings/${effect}`, async () => {
        const source = await readFile(new URL(`../e2e-settings/${effect}`, import.meta.url), 'utf8');
        assert.match(source, new RegExp(`^ +it\\(['"\`].*\\b${env}\\b`, 'm'));
      });
    }
  }

  it('every setting of the table is shown, and of no other', () => {
    assert.deepEqual(Object.keys(effects).sort(), settingRows.map(({ key }) => key).sort());
  });

  it("the guide's names are twenty, with the base batch size", () => {
    assert.equal(settingRows.filter(({ env }) => env.startsWith('PUSHSHIFT_')).length, 20);
  });
});
