/** Whether parsed JSON is a manifest: the first thing that is wrong, with its place, in words. Pure. */
import { outputFormats } from '../../contract/job.ts';
import { partFile, partNaming } from '../../contract/part.ts';
import { splitFolder, splitKeys, tablesFolder, valuesName } from '../../contract/split.ts';
import { threadCountNames, threadTableFile, threadsFile } from '../../contract/threads.ts';
import { excludeRules, rejectReasons } from '../../core/fates.ts';
import type { Manifest } from './manifest.ts';
import { joinedRejectsName, submissionsRejectsName } from './names.ts';

type Check = (value: unknown, at: string) => string | null;

const wrong = (at: string, value: unknown, allowed: string): string =>
  `${at === '' ? 'it' : at} is ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80)}, but must be ${allowed}`;

function whole(value: unknown, at: string): string | null {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? null
    : wrong(at, value, 'a whole number of 0 or more');
}

function text(value: unknown, at: string): string | null {
  return typeof value === 'string' && value !== '' ? null : wrong(at, value, 'a string');
}

function flag(value: unknown, at: string): string | null {
  return typeof value === 'boolean' ? null : wrong(at, value, 'true or false');
}

function finite(value: unknown, at: string): string | null {
  return typeof value === 'number' ? null : wrong(at, value, 'a number');
}

function sha256(value: unknown, at: string): string | null {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? null : wrong(at, value, '64 hex digits');
}

const oneOf =
  (allowed: readonly (string | number)[]): Check =>
  (value, at) =>
    allowed.includes(value as string | number) ? null : wrong(at, value, allowed.join(' or '));

/** An object with at least these members: later versions of the same format may add some. */
const object =
  (members: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return wrong(at, value, 'an object');
    for (const [key, check] of Object.entries(members)) {
      const problem = check((value as Record<string, unknown>)[key], at === '' ? key : `${at}.${key}`);
      if (problem !== null) return problem;
    }
    return null;
  };

const arrayOf =
  (item: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return wrong(at, value, 'an array');
    for (const [index, element] of value.entries()) {
      const problem = item(element, `${at}[${index}]`);
      if (problem !== null) return problem;
    }
    return null;
  };

/** May be left out: earlier versions did not write it. */
const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined ? null : check(value, at);

const orNull =
  (check: Check): Check =>
  (value, at) =>
    value === null ? null : check(value, at);

const each = (names: readonly string[], check: Check): Readonly<Record<string, Check>> =>
  Object.fromEntries(names.map((name) => [name, check]));

const counters = object({
  lines: whole,
  kept: whole,
  blank: whole,
  excluded: object(each(excludeRules, whole)),
  rejected: object(each(rejectReasons, whole)),
});

const archive = object({
  name: text,
  kind: oneOf(['comments', 'submissions']),
  container: oneOf(['zstd', 'gzip', 'plain', 'zst_blocks']),
  fingerprint: text,
  ...each(['compressedBytes', 'bytes', 'lines'], whole),
});

const holes = arrayOf(
  object({
    kind: oneOf(['truncated', 'corrupt']),
    ...each(['compressedFrom', 'compressedTo', 'decompressed'], whole),
    message: text,
  }),
);

const rejects = (file: string): Check =>
  orNull(object({ file: oneOf([file]), bytes: whole, sha256, lines: whole }));

const range = { ...each(['index', 'start', 'end', 'firstLine'], whole), counters };
const ranges = arrayOf(object(range));

const columns = arrayOf(object({ name: text, type: text, sources: arrayOf(text), required: flag }));

const manifest = object({
  format: oneOf(['threadmill-dataset']),
  version: oneOf([1]),
  threadmill: text,
  zstd: text,
  jobId: text,
  startedAt: text,
  createdAt: text,
  archive,
  settings: object({
    format: oneOf(outputFormats),
    partBytes: whole,
    ...each(['keepRaw', 'preserveThreads', 'paths', 'validateTimestamps'], flag),
    ...each(['excludeDeleted', 'excludeRemoved', 'salvage'], flag),
    ...each(['qualityMinScore', 'maxRejectRate'], finite),
  }),
  columns,
  counters,
  holes,
  rejects: rejects(joinedRejectsName),
});

const flat = object({
  parts: arrayOf(object({ ...range, file: text, ...each(['rows', 'bytes'], whole), sha256 })),
});

const counts = each(threadCountNames, whole);
const file = { file: text, bytes: whole, sha256 };

const threadedJoin = orNull(
  object({ archive, counters, holes, parts: ranges, rejects: rejects(submissionsRejectsName) }),
);

const threaded = object({
  parts: ranges,
  threads: arrayOf(object({ index: whole, ...file, ...counts, table: orNull(object(file)) })),
  threadTableColumns: columns,
  threadCounts: object(counts),
  joined: threadedJoin,
  run: optional(object({ samples: arrayOf(arrayOf(finite)), resumptions: arrayOf(finite) })),
});

const split = object({
  parts: ranges,
  split: object({
    by: oneOf(splitKeys),
    folder: oneOf(splitKeys.map(splitFolder)),
    tables: orNull(oneOf([tablesFolder])),
    values: whole,
    rows: whole,
    list: object({ ...file, file: oneOf([valuesName]) }),
  }),
  threadTableColumns: columns,
  threadCounts: orNull(object(counts)),
  joined: threadedJoin,
});

/** The first problem of a would-be manifest, with its place (`parts[3].bytes is …`); null where it is one. */
export function checkManifest(value: unknown): string | null {
  const problem = manifest(value, '');
  if (problem !== null) return problem;
  const { threads } = value as { readonly threads?: unknown };
  if (threads === undefined) return wrong('threads', threads, 'an array, or null for flat parts');
  const shape = threads !== null ? threaded : 'split' in (value as object) ? split : flat;
  const more = shape(value, '');
  return more ?? nameProblem(value as Manifest);
}

/** A name that follows from its index can't lead out of the folder. */
function nameProblem({ archive: { kind }, settings: { format }, ...manifest }: Manifest): string | null {
  const named: (readonly [at: string, file: string, expected: string])[] = [];
  if (manifest.split !== undefined) return null; // named above
  if (manifest.threads === null) {
    const naming = partNaming({ format, kind, buckets: 0 });
    for (const [at, part] of manifest.parts.entries())
      named.push([`parts[${at}].file`, part.file, partFile(part.index, naming)]);
  } else {
    for (const [at, entry] of manifest.threads.entries()) {
      named.push([`threads[${at}].file`, entry.file, threadsFile(entry.index, format)]);
      if (entry.table !== null)
        named.push([`threads[${at}].table.file`, entry.table.file, threadTableFile(entry.index, format)]);
    }
  }
  const bad = named.find(([, found, expected]) => found !== expected);
  return bad === undefined ? null : wrong(bad[0], bad[1], `"${bad[2]}"`);
}
