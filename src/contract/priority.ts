/**
 * Who goes first where tasks wait in a queue: 1 before 5. What a person waits for in front of the screen comes before a
 * month, a month before what fills the night. Activities inherit it from their workflow.
 */

interface Priority {
  readonly priorityKey: number;
}

/** Compressed: seconds of work, and minutes. */
const shortBytesMax = 64 * 1024 * 1024;
const middleBytesMax = 1024 * 1024 * 1024;

/** Of a job by itself, by the size of its archive on disk. */
export function jobPriority(compressedBytes: number): Priority {
  return { priorityKey: compressedBytes <= shortBytesMax ? 1 : compressedBytes <= middleBytesMax ? 2 : 3 };
}

/** Of a large archive of a corpus. */
export function largeJobPriority(compressedBytes: number): Priority {
  return { priorityKey: compressedBytes <= middleBytesMax ? 4 : 5 };
}

/** Of a corpus: its own steps are short, and keep others from nothing. */
export const corpusPriority: Priority = { priorityKey: 2 };
/** Of its batches, which keep a place for some seconds each. */
export const batchPriority: Priority = { priorityKey: 4 };
