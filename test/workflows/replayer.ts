/**
 * Replays the history files of argv against today's workflows, and prints one JSON object for each: `file`, and `error`
 * where it does not replay. A process of its own: Temporal's runtime can be installed once in one.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const files = process.argv.slice(2);
const workflowsPath = path.join(import.meta.dirname, '../../src/workflows/index.ts');
const logger = new DefaultLogger('WARN', ({ message }) => process.stderr.write(`${message}\n`));
Runtime.install({ logger, shutdownSignals: [] });
const histories = files.map((file) => ({
  workflowId: file,
  history: historyFromJSON(JSON.parse(readFileSync(file, 'utf8'))),
}));
for await (const { workflowId, error } of Worker.runReplayHistories({ workflowsPath }, histories)) {
  const shown = error === undefined ? {} : { error: `${error.name}: ${error.message}` };
  process.stdout.write(`${JSON.stringify({ file: workflowId, ...shown })}\n`);
}
