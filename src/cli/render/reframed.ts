/** What a job that wrote an archive anew has done. */
import type { ReframeResult } from '../../contract/reframe.ts';
import { bytes, count, seconds } from '../../core/figures.ts';
import type { SummaryExtras } from './summary.ts';
import { textTable } from './text-table.ts';

/** The block that `reframe`, and `watch` and `result` of such a job, end with. */
export function reframedBlock(
  result: ReframeResult,
  { webUrl, paint }: Pick<SummaryExtras, 'webUrl' | 'paint'>,
): readonly string[] {
  const { contentBytes, seconds: took } = result;
  return [
    `${paint('green', 'Done')} ${paint('bold', result.archive)}`,
    ...textTable([
      ['output', result.output],
      ['job', result.jobId],
      ...(webUrl === null ? [] : [['Web UI', webUrl]]),
      ['frames', `${count(result.frames)}, level ${result.level}, ${bytes(result.bytes)}`],
      ['sha256', result.sha256],
      ['text', `${bytes(contentBytes)}, the same as the archive's`],
      ['text sha256', result.contentSha256],
      ['time', `${seconds(took)}, ${bytes(contentBytes / took)}/s`],
      ['retries', count(result.retries)],
    ]).map((line) => `  ${line}`),
  ];
}
