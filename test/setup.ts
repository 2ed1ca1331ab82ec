/** Run by mocha once before all tests (`require` in .mocharc.json). */
import { findTemporal } from '../src/server/binary.ts';

/**
 * Finds or builds the Temporal server, so that no test's time-out has to cover the three minutes of a first build.
 * Mocha puts no time-out on this. A failure is only told: the tests that need the server then fail by themselves, and
 * the closing line still counts them.
 */
export async function mochaGlobalSetup(): Promise<void> {
  const tell = (message: string) => process.stderr.write(`test set-up: ${message}\n`);
  try {
    await findTemporal({ onProgress: tell });
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
  }
}
