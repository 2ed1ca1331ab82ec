/** Program: bundles the workflows into the file that is named. Run by the build, and by a worker that runs from sources. */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { encodedFailuresPath } from './payloads/data-converter.ts';

const [target, failures] = process.argv.slice(2);
if (target === undefined || ![undefined, 'encoded'].includes(failures))
  throw new RangeError('Usage: make-workflow-bundle <file> [encoded]');

const { code } = await bundleWorkflowCode({
  // beside this file, with its extension
  workflowsPath: path.join(import.meta.dirname, 'workflows', `index${path.extname(import.meta.filename)}`),
  ...(failures === 'encoded' ? { failureConverterPath: encodedFailuresPath } : {}),
  logger: new DefaultLogger('WARN'),
});
// whole or not at all: several workers may start at once
const draft = `${target}.${process.pid}`;
await writeFile(draft, code);
await rename(draft, target);
