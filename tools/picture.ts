/** Pictures for the documents, taken by Chromium (`CHROMIUM`, else Debian's) and made small by pngquant. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';

const images = path.join(import.meta.dirname, '../docs/images');
/** What docs and the front page can afford. */
const bytesMax = 150_000;

/** Takes a picture of what is on the page, under a name in docs/images. */
export type Take = (page: Page, name: string, height: number) => Promise<void>;

async function take(page: Page, name: string, height: number): Promise<void> {
  const file = path.join(images, `${name}.png`);
  await page.setViewportSize({ width: 1280, height });
  // what asks for news for ever never stops loading
  await page.waitForLoadState('networkidle', { timeout: 2500 }).catch(() => undefined);
  await page.screenshot({ path: file, animations: 'disabled' });
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', file, '64', file]);
  const { size } = statSync(file);
  process.stdout.write(`${path.relative(process.cwd(), file)}  ${String(Math.round(size / 1000))} KB\n`);
  if (size > bytesMax)
    throw new RangeError(`${name}.png is ${String(size)} B: more than ${String(bytesMax)}`);
}

/** Opens a browser with one page, and closes it. */
export async function withPage(use: (page: Page, take: Take) => Promise<void>): Promise<void> {
  mkdirSync(images, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium' });
  try {
    await use(await browser.newPage({ deviceScaleFactor: 1 }), take);
  } finally {
    await browser.close();
  }
}
