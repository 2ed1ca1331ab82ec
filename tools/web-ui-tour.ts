/**
 * `npm run pictures`: the pictures of docs/web-ui.md, taken by Chromium of a real run on a server of its own.
 *
 * Needs Chromium (`CHROMIUM`, else `chromium` on PATH) and pngquant, which makes a picture a third as large.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { generateArchive } from '../samples/generator/archive.ts';
import { Stage } from '../test/e2e/stage.ts';
import { until } from '../test/e2e/until.ts';
import { withPage, type Take } from './picture.ts';

/** A short name: it can be read in the pictures. */
const data = path.join(tmpdir(), 'demo');

/** Whether a page shows a text, in itself or in one of its frames: it has one for each piece of Markdown. */
async function shows(page: Page, url: string, text: string): Promise<boolean> {
  await page.goto(url);
  await page.waitForTimeout(2500);
  for (const frame of page.frames()) if ((await frame.getByText(text).count()) > 0) return true;
  return false;
}

async function tour(stage: Stage, page: Page, picture: Take): Promise<void> {
  const archives = path.join(data, 'dumps');
  mkdirSync(archives, { recursive: true });
  const make = async (name: string, era: string, bytes: number): Promise<string> => {
    const file = path.join(archives, name);
    await generateArchive({ kind: 'comments', era, bytes, seed: 7, dirty: true, dirtyEvery: 3000 }, file);
    return file;
  };
  const small = await make('austinfood_comments.zst', '2016-05', 3_000_000);
  const large = await make('RC_2019-04.zst', '2019-04', 1_000_000_000);
  const worker = await stage.worker(['--threads', '2']);
  const out = path.join(data, 'datasets');
  const done = await stage.threadmill.startJob(small, {}, { out });
  await stage.threadmill.waitForJob(done.jobId);
  const { jobId } = await stage.threadmill.startJob(large, { partBytes: 16 * 2 ** 20 }, { out });
  // slow enough for a browser to see it at work
  await until('some parts', async () => (await stage.threadmill.getJobProgress(jobId)).parts > 4);
  worker.slow();
  const ui = `${stage.server.uiUrl}/namespaces/default/workflows`;
  await page.goto(`${ui}?query=${encodeURIComponent('ThreadmillState IS NOT NULL')}`);
  await page.getByText(jobId).first().waitFor();
  await picture(page, 'web-ui-jobs', 400);
  const { runId } = await stage.threadmill.describeJob(jobId);
  await until(
    'a heartbeat',
    () => shows(page, `${ui}/${jobId}/${runId}/pending-activities`, 'Heartbeat Details'),
    60_000,
  );
  await picture(page, 'web-ui-pending', 820);
  // the worker answers what they are, and at a tenth of its speed that may take longer than the Web UI waits
  await until(
    'the current details',
    () => shows(page, `${ui}/${jobId}/${runId}/user-metadata`, 'batch size'),
    60_000,
  );
  await picture(page, 'web-ui-details', 760);
  await page.goto(`${ui}/${jobId}/${runId}/history`);
  await page.getByText('look at the archive').first().waitFor();
  await picture(page, 'web-ui-timeline', 900);
  await until('the memo', () => shows(page, `${ui}/${jobId}/${runId}/memo`, 'fingerprint'), 60_000);
  await picture(page, 'web-ui-memo', 780);
  worker.thaw();
}

const stage = await Stage.open();
try {
  await withPage((page, take) => tour(stage, page, take));
} finally {
  await stage.end();
  rmSync(data, { recursive: true, force: true });
}
