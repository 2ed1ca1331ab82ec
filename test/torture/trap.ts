/** What lies in wait in a process: at which call of the file system it springs, and what happens then. Shared by both sides. */

/** Calls of the file system that part what is safe from what is not, in the order in which a file is committed. */
export type DangerPoint =
  /** All bytes are written under the temporary name; the flush is next. */
  | 'written'
  /** Flushed; the rename is next. */
  | 'synced'
  /** Renamed; nobody has been told. */
  | 'renamed'
  /** A file was removed. */
  | 'removed';

export interface Trap {
  readonly point: DangerPoint;
  /** The final name of the file must begin so. */
  readonly file: string;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** It stays, for whoever comes next. Default: it springs once. */
  readonly again?: boolean;
}

/** Of the variable that names the file in which a trap lies; no file, no trap. */
export const trapVariable = 'TORTURE_TRAP';
/** Every process of a run carries its name in this variable, so that one that is left can be found. */
export const runVariable = 'TORTURE_RUN';
