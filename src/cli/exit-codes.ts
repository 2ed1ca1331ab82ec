/** Every exit code of the command line, decided here and nowhere else. */
import { ThreadmillError } from '../core/errors.ts';

export const exitCodes = {
  done: 0,
  /** The job, the archive or the dataset; also our own bugs. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  /** Ctrl-C; the job can go on. */
  interrupted: 130,
  /** Whoever read stdout is gone: what a shell reports of a program that SIGPIPE ends. */
  brokenPipe: 141,
} as const;

/** The exit code of an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof ThreadmillError)) return exitCodes.failed;
  switch (error.code) {
    case 'SETTINGS_INVALID':
    case 'USAGE':
    case 'PAYLOAD_UNREADABLE':
      return exitCodes.usage;
    case 'SERVER_UNREACHABLE':
    case 'SERVER_UNAVAILABLE':
      return exitCodes.unreachable;
    default:
      return exitCodes.failed;
  }
}
