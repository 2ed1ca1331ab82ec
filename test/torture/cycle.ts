/** One cycle: a job, a fault, and whether its dataset is what the undisturbed one is. */
import { performance } from 'node:perf_hooks';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Random } from '../../samples/generator/random.ts';
import type { JobSettings, OutputFormat } from '../../src/contract/job.ts';
import { addsUp } from '../../src/core/fates.ts';
import { findManifest } from '../../src/engine/dataset/manifest.ts';
import { roleOf } from '../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { archiveOf, type Archive, type ArchiveSpec } from '../e2e/archives.ts';
import { essenceOf, temporaryFiles, type Essence } from '../e2e/datasets.ts';
import { until } from '../e2e/until.ts';
import type { Lane, LaneJob } from './lane.ts';

const MiB = 2 ** 20;

/** How an archive is cut: into parts so small that a worker makes many a second, or as long as the default ones take. */
export type Cut = 'small parts' | 'large parts';
const partBytesOf: Readonly<Record<Cut, number>> = { 'small parts': 2 * MiB, 'large parts': 32 * MiB };

/** Some seconds of work. */
const large: ArchiveSpec = { kind: 'comments', era: '2023', bytes: 320_000_000, seed: 63, dirty: true, dirtyEvery: 4_000 }; // prettier-ignore
/** Half a second of work each, with rejects in every part: one frame, and many. */
const archives: readonly ArchiveSpec[] = [
  { kind: 'comments', era: '2023', bytes: 40_000_000, seed: 61, dirty: true, dirtyEvery: 400 },
  { kind: 'comments', era: '2015', bytes: 40_000_000, seed: 62, windowLog: 21, frames: 16, dirty: true, dirtyEvery: 400 },
]; // prettier-ignore

/** What is done to a job: an archive, a format, and the dataset that an undisturbed job makes. */
export interface Subject {
  readonly archive: Archive;
  readonly settings: Partial<JobSettings>;
  /** Its parts say what made them, and are found again. */
  readonly sealed: boolean;
  readonly undisturbed: Essence;
}

interface Shape {
  readonly format: OutputFormat;
  readonly preserveThreads: boolean;
}

/** As often as they are named: threads and Parquet are what most people make. */
const shapes: readonly Shape[] = [
  { format: 'parquet', preserveThreads: true },
  { format: 'parquet', preserveThreads: true },
  { format: 'parquet', preserveThreads: false },
  { format: 'parquet', preserveThreads: false },
  { format: 'jsonl.zst', preserveThreads: false },
  { format: 'csv', preserveThreads: false },
];
const subjects = new Map<string, Promise<Subject>>();

async function makeSubject(lane: Lane, spec: ArchiveSpec, shape: Shape, cut: Cut): Promise<Subject> {
  const archive = await archiveOf(spec);
  const settings = { ...shape, partBytes: partBytesOf[cut], maxRejectRate: 1 };
  const { result, dataset } = await lane.start(archive, settings);
  await result;
  return { archive, settings, sealed: shape.format === 'parquet', undisturbed: await essenceOf(dataset) };
}

/** A subject by lot. */
export function subjectFor(lane: Lane, random: Random, cut: Cut = 'small parts'): Promise<Subject> {
  const small = archives[random.below(archives.length)] as ArchiveSpec;
  const spec = cut === 'small parts' ? small : large;
  const shape = shapes[random.below(shapes.length)] as Shape;
  const key = `${spec.seed} ${JSON.stringify(shape)}`;
  const found = subjects.get(key) ?? makeSubject(lane, spec, shape, cut);
  subjects.set(key, found);
  return found;
}

/** The subject's settings as flags of a command. */
export function flagsOf({ settings }: Subject): readonly string[] {
  const { format = 'parquet', preserveThreads = true, partBytes = 0 } = settings;
  const flags = ['--format', format, '--part-mib', String(partBytes / MiB), '--max-reject-rate', '1'];
  return preserveThreads ? flags : [...flags, '--no-preserve-threads'];
}

/** Files that a job has committed before its publication: parts, or spilled rows and the threads made of them. */
function workIn(dataset: string): readonly string[] {
  if (!existsSync(dataset)) return [];
  return readdirSync(dataset).filter((name) => ['part', 'spill', 'threads'].includes(roleOf(name) ?? ''));
}

function isPublished(dataset: string): boolean {
  return existsSync(path.join(dataset, 'manifest.json'));
}

/** Resolves when a job has committed so much, or is done. */
export async function worked(dataset: string, files: number): Promise<void> {
  await until(`${files} files`, () => workIn(dataset).length >= files || isPublished(dataset), 60_000);
}

export function partsOf({ undisturbed }: Subject): number {
  return undisturbed.manifest.parts.length;
}

/** What a fault tells of itself. */
export interface Blow {
  /** From the moment at which work could go on to the first part (or manifest) made after it. Null: nothing had to go on. */
  readonly resumeMs: number | null;
  /** Part files that were being written when it struck. */
  readonly underWay: number;
}

/** A cycle's outcome; `problems` is empty where all is as it should be. */
export interface Outcome extends Blow {
  readonly lostLines: number;
  readonly doubledLines: number;
  /** Files that are not of the dataset. */
  readonly leftOver: number;
  /** Parts that were committed again, and those under way when the fault struck. */
  readonly redoneParts: number;
  /** Whether parts say what made them; null: not known. */
  readonly sealed: boolean | null;
  readonly problems: readonly string[];
}

/** Watches a dataset's folder from a blow on. */
export class Watch {
  private readonly dataset: string;
  private readonly parts: number;
  private readonly underWay: number;
  private fromMs = performance.now();

  /** Call it at the blow: what stands there now stood there before. */
  constructor(dataset: string) {
    this.dataset = dataset;
    this.parts = workIn(dataset).length;
    this.underWay = temporaryFiles(dataset).filter(
      (name) => name.startsWith('part-') && !name.includes('.rejects.'),
    ).length;
  }

  /** Until now nobody could have gone on: a frozen process, a full disk, a server that is away. */
  restart(): void {
    this.fromMs = performance.now();
  }

  async goesOn(): Promise<Blow> {
    const { dataset, parts, underWay } = this;
    await until('the job to go on', () => workIn(dataset).length > parts || isPublished(dataset), 120_000);
    return { resumeMs: performance.now() - this.fromMs, underWay };
  }
}

/** Checks a job that has ended well against the undisturbed one. */
export async function examine(lane: Lane, subject: Subject, job: LaneJob, blow: Blow): Promise<Outcome> {
  const { dataset, jobId } = job;
  const { archive, undisturbed } = subject;
  const problems: string[] = [];
  // an attempt that slept over the job's end hears of it with its next heartbeat, and clears up
  await until('the last attempt to clear up', () => temporaryFiles(dataset).length === 0, 30_000).catch(
    () => undefined,
  );
  const manifest = await findManifest(dataset);
  const { lines = 0 } = manifest?.counters ?? {};
  if (manifest === null) problems.push('no manifest');
  else {
    if (!addsUp(manifest.counters)) problems.push('counters do not add up');
    if (!isDeepStrictEqual(manifest.counters, archive.counters))
      problems.push('other counters than the generator');
    problems.push(...(await verifyDataset(dataset)).problems);
    if (!isDeepStrictEqual(await essenceOf(dataset), undisturbed))
      problems.push('other bytes than the undisturbed dataset');
  }
  const known = new Set([...Object.keys(undisturbed.files), 'manifest.json']);
  const strangers = readdirSync(dataset).filter((name) => !known.has(name));
  problems.push(...strangers.map((name) => `left over: ${roleOf(name) ?? 'unknown'} ${name}`));
  const again = [...lane.commits(jobId).values()].reduce((sum, count) => sum + count - 1, 0);
  return {
    ...blow,
    lostLines: Math.max(0, archive.counters.lines - lines),
    doubledLines: Math.max(0, lines - archive.counters.lines),
    leftOver: strangers.length,
    sealed: subject.sealed,
    redoneParts: again + blow.underWay,
    problems,
  };
}
