/** Whether an archive is still the one that its job began with. */
import type { ArchiveInspection } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { isRemote } from '../../core/places.ts';
import { fingerprintAt, fingerprintOf, remoteVersionOf, statMarkOf } from './fingerprint.ts';

export class ArchiveWatch {
  private readonly begun: Pick<ArchiveInspection, 'path' | 'fingerprint' | 'version'>;
  /** How the file looked when its fingerprint was last compared. */
  private mark: string;

  /** `mark`: how it looked (`statMarkOf`) before that fingerprint was taken; absent: nobody looked. */
  constructor(
    begun: Pick<ArchiveInspection, 'path' | 'fingerprint' | 'version'>,
    mark: string | null = null,
  ) {
    this.begun = begun;
    this.mark = mark ?? '';
  }

  /**
   * Looks at its samples only where the file looks touched, so it may be asked before every part.
   *
   * @param open it is being read: what is gone from its name, or can't be asked for a moment, is read on. Default true
   * @throws {ThreadmillError} ARCHIVE_CHANGED; ARCHIVE_MISSING, ARCHIVE_UNREADABLE, STORAGE_*
   */
  async check(open = true): Promise<void> {
    const { path } = this.begun;
    if (isRemote(path)) return this.checkRemote(open);
    const touched = statMarkOf(path);
    // gone from its name, but open here: whoever opens it next decides
    if (touched === this.mark || (touched === null && this.mark !== '')) return;
    this.compare(fingerprintOf(path).fingerprint);
    this.mark = touched ?? '';
  }

  /** A server says by itself whether it is the same still; where it says nothing, the samples are looked at once. */
  private async checkRemote(open: boolean): Promise<void> {
    const { path, version } = this.begun;
    if (version === undefined) {
      if (this.mark !== '') return;
      const { fingerprint } = await fingerprintAt(path);
      this.compare(fingerprint);
      this.mark = fingerprint;
      return;
    }
    const found = await remoteVersionOf(path).catch((error: unknown) => {
      const away = error instanceof ThreadmillError && error.code === 'STORAGE_UNAVAILABLE';
      if (open && away) return version;
      throw error;
    });
    if (found !== version) throw this.changed(`version ${found ?? 'unknown'}, was ${version}`);
  }

  private compare(found: string): void {
    const { fingerprint } = this.begun;
    if (found !== fingerprint) throw this.changed(`fingerprint ${found}, was ${fingerprint}`);
  }

  private changed(how: string): ThreadmillError {
    const { path } = this.begun;
    return new ThreadmillError(
      'ARCHIVE_CHANGED',
      `Cannot go on with archive "${path}": it is not the file that the job began with (${how}); ` +
        'put the first one back, or start a new job',
      { facts: { path } },
    );
  }
}
