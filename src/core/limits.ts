/**
 * Every limit in one place. The first group decides bytes of the output (a change is a change of format);
 * the second only tunes the process.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Format: a longer line is rejected as `line-too-long`. */
export const lineBytesMax = 16 * MiB;
/** Format: how much of an over-long line its reject keeps; the whole would defeat the bound on memory. */
export const overlongRawBytesMax = 64 * KiB;
/** Format: default size of a part, in decompressed input bytes. */
export const partBytesDefault = 256 * MiB;
/** Format: smallest part; below it a dataset is mostly footers. */
export const partBytesMin = 1 * MiB;
/** Format: largest part; its rows' metadata and its redo after a crash stay bounded. */
export const partBytesMax = 4096 * MiB;
/**
 * Format: a stripe is the run of lines that start in [j·S, (j+1)·S) of its part; one mill thread takes it whole and
 * it becomes one Parquet row group. 32 MiB: about 24,000 rows of 2023 comments, and two of them in memory fit the limit.
 */
export const stripeBytes = 32 * MiB;
/**
 * Format: more rejected lines in one stripe end the job, whatever reject rate is allowed: lines of less than 33 bytes on
 * average are nothing of Reddit's, and a stripe of them would take more than a gigabyte.
 */
export const stripeRejectsMax = 1_000_000;
/** Format: lines of one independent zstd frame of `jsonl.zst`, before compression. */
export const frameBytesMax = 4 * MiB;

/** First second of Reddit's first day, 2005-06-23 UTC. */
export const redditEpochSeconds = 1_119_484_800;
export const daySeconds = 86_400;

/** Process: a segment hands back to the workflow after this time... */
export const segmentMsTarget = 10_000;
/** ...or after this many parts, so that their entries fit one heartbeat of `heartbeatBytesMax`. */
export const segmentPartsMax = 12;
/** Process: upper bound of a heartbeat's JSON. */
export const heartbeatBytesMax = 4 * KiB;
/**
 * Process: parts of one job; their entries, packed to at most 300 bytes, travel through continue-as-new in one payload of
 * at most 2 MB. At the default part size that is 1.5 TB of text.
 */
export const partsPerJobMax = 6_000;
/** Process: a decoder kept between segments is dropped after this idle time; it may hold 2 GiB. */
export const pipelineIdleMs = 60_000;
/** Process: the first rejects that the `rejects` query shows. */
export const rejectExamplesMax = 5;
/**
 * Process: what one thread makes whole, as one of many small archives: about two seconds of work, which is lost where its
 * worker is killed, and two stripes of text. Above either limit an archive has a job of its own.
 */
export const smallArchiveBytesMax = 8 * MiB;
/** The same in decompressed bytes. */
export const smallContentBytesMax = 64 * MiB;
/** Process: a thread of small archives that has none ends after this time; it holds some 40 MiB. */
export const smallThreadIdleMs = 60_000;
