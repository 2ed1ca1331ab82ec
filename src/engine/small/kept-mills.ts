import type { SegmentInput } from '../../contract/job.ts';
import { givenSettings } from '../../contract/output-settings.ts';
import { StripeMill } from '../mill/stripe-mill.ts';
import { millOptionsOf, outputOptionsOf } from '../pipeline/mill-options.ts';
import type { OwnMill } from '../pipeline/own-staff.ts';

/** Comments and submissions of one corpus. */
const keptMax = 2;

/** The mills of one thread, kept from archive to archive: making one, its selection too, can cost more than its archive. */
export class KeptMills {
  private readonly kept = new Map<string, OwnMill>();

  /**
   * A mill for the job's lines, which nobody else has.
   *
   * @throws {ThreadmillError} SELECTION_CHANGED
   */
  take(input: SegmentInput): OwnMill {
    const key = keyOf(input);
    const found = this.kept.get(key);
    this.kept.delete(key);
    if (found !== undefined) return found;
    const options = millOptionsOf(input);
    return { options, mill: new StripeMill(options), within: false };
  }

  /** Takes it back; one that was left within a stripe is dropped. */
  give(input: SegmentInput, mill: OwnMill): void {
    if (mill.within) return;
    this.kept.set(keyOf(input), mill);
    const [oldest] = this.kept.keys();
    if (this.kept.size > keptMax && oldest !== undefined) this.kept.delete(oldest);
  }
}

/** Of large files of names it holds the digest. */
function keyOf(input: SegmentInput): string {
  return JSON.stringify([outputOptionsOf(input), givenSettings(input.settings)]);
}
