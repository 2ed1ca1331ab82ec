/** Program: bundles the workflows into the file that is named. Run by the build, and by a worker that runs from sources. */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const [target] = process.argv.slice(2);
if (target === undefined) throw new RangeError('Usage: make-workflow-bundle <file>');

const { code } = await bundleWorkflowCode({
  // beside this file, with its extension
  workflowsPath: path.join(import.meta.dirname, 'workflows', `index${path.extname(import.meta.filename)}`),
  logger: new DefaultLogger('WARN'),
});
// whole or not at all: several workers may start at once
const draft = `${target}.${process.pid}`;
await writeFile(draft, code);
await rename(draft, target);
