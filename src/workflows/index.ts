/** The workflows that a worker registers; their names are the workflow types. */
export { archiveWorkflow } from './archive.ts';
export { cleanUpWorkflow } from './clean-up.ts';
export { reframeWorkflow } from './reframe.ts';
export { corpusWorkflow } from './corpus.ts';
