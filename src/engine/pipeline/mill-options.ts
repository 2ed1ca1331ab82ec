/** What a job's input means for its mills, and the hash by which a part says that it was made of just that. */
import { createHash } from 'node:crypto';
import type { SegmentInput } from '../../contract/job.ts';
import { partFile, partNaming } from '../../contract/part.ts';
import { givenSettings } from '../../contract/output-settings.ts';
import { placeIn } from '../storage/place.ts';
import { programVersion } from '../dataset/manifest.ts';
import type { MillOptions } from '../mill/stripe-mill.ts';
import { planSelection } from '../selection/plan.ts';

/**
 * How a job's lines are judged and written. Reads files of names.
 *
 * @throws {ThreadmillError} SELECTION_CHANGED
 */
export function millOptionsOf(input: SegmentInput): MillOptions {
  return { ...outputOptionsOf(input), selection: planSelection(input.settings, input.inspection.kind) };
}

/** The same but for the selection, which need not be read to know what a part looks like. */
export function outputOptionsOf({
  inspection,
  settings,
  buckets,
  arranged,
  nowSeconds,
}: SegmentInput): MillOptions {
  const { kind } = inspection;
  return {
    format: settings.format,
    kind,
    keepRaw: settings.keepRaw,
    buckets,
    arranged,
    splitBy: settings.splitBy,
    columns: settings.columns,
    extra: settings.extra,
    rules: {
      kind,
      validateTimestamps: settings.validateTimestamps,
      nowSeconds,
      qualityMinScore: settings.qualityMinScore,
      excludeDeleted: settings.excludeDeleted,
      excludeRemoved: settings.excludeRemoved,
    },
  };
}

/** The file of a part. */
export function partPathOf(input: SegmentInput, index: number): string {
  return placeIn(input.dataset, partFile(index, partNaming(outputOptionsOf(input))));
}

/**
 * SHA-256, in hex, of all that decides a part's bytes but its place and the job's start, whose part in it the part tells
 * itself (see `UndatedBounds`): the archive's content, the rules, the selection and the format, this version of the program, and
 * the zstd that packs it.
 */
export function originOf(input: SegmentInput): string {
  const { inspection, settings } = input;
  const { rules, ...format } = outputOptionsOf(input);
  const { nowSeconds: _start, ...timeless } = rules;
  const { fingerprint, container } = inspection;
  const cut = { partBytes: settings.partBytes, salvage: settings.salvage };
  const zstd = process.versions['zstd'] ?? '';
  return createHash('sha256')
    .update(
      JSON.stringify([
        programVersion(),
        zstd,
        fingerprint,
        container,
        format,
        timeless,
        cut,
        givenSettings(settings),
      ]),
    )
    .digest('hex');
}
