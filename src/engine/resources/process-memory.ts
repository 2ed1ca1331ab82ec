/** How much of the process's memory belongs to a job. */

/** What a running job takes that is not its own to give back. */
export interface MemoryUser {
  /** The decoder's window as it is filled now, bytes. */
  readonly windowBytesInUse: number;
}

/**
 * Splits the resident memory of the process: the idle worker, the decoders' windows, and the rest, which the jobs that
 * run share evenly (the allocator does not say whose a page is).
 */
export class ProcessMemory {
  private idleBytes: number;
  private readonly users = new Set<MemoryUser>();

  /** `idleBytes`: resident memory of the worker before its first job, as far as it is known. */
  constructor(idleBytes: number) {
    this.idleBytes = idleBytes;
  }

  /** The worker polls now and has no job yet: this is what it is when idle. */
  idle(residentBytes: number): void {
    if (this.users.size === 0) this.idleBytes = residentBytes;
  }

  add(user: MemoryUser): void {
    this.users.add(user);
  }

  remove(user: MemoryUser): void {
    this.users.delete(user);
  }

  /** Resident memory beyond all windows, the idle worker included. */
  beyondWindows(residentBytes: number): number {
    let windows = 0;
    for (const { windowBytesInUse } of this.users) windows += windowBytesInUse;
    return Math.max(0, residentBytes - windows);
  }

  /** What one job uses beyond its window and beyond the idle worker: what its limit is about. */
  jobBytes(residentBytes: number): number {
    const own = this.beyondWindows(residentBytes) - this.idleBytes;
    return Math.max(0, own) / Math.max(1, this.users.size);
  }
}
