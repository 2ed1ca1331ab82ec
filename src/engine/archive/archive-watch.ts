/** Whether an archive is still the file that its job began with. */
import { ThreadmillError } from '../../core/errors.ts';
import { fingerprintOf, statMarkOf } from './fingerprint.ts';

export class ArchiveWatch {
  private readonly path: string;
  private readonly fingerprint: string;
  /** How the file looked when its fingerprint was last compared. */
  private mark: string;

  /** `mark`: how it looked (`statMarkOf`) before that fingerprint was taken; absent: nobody looked. */
  constructor(path: string, fingerprint: string, mark: string | null = null) {
    this.path = path;
    this.fingerprint = fingerprint;
    this.mark = mark ?? '';
  }

  /**
   * Looks at its samples only where the file looks touched, so it may be asked before every part.
   *
   * @throws {ThreadmillError} ARCHIVE_CHANGED; ARCHIVE_MISSING, ARCHIVE_UNREADABLE
   */
  check(): void {
    const { path, fingerprint } = this;
    const touched = statMarkOf(path);
    // gone from its name, but open here: whoever opens it next decides
    if (touched === this.mark || (touched === null && this.mark !== '')) return;
    const found = fingerprintOf(path).fingerprint;
    this.mark = touched ?? '';
    if (found === fingerprint) return;
    throw new ThreadmillError(
      'ARCHIVE_CHANGED',
      `Cannot go on with archive "${path}": it is not the file that the job began with ` +
        `(fingerprint ${found}, was ${fingerprint}); put the first one back, or start a new job`,
      { facts: { path } },
    );
  }
}
