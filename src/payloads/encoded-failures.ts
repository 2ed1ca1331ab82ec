/** Loaded by path, in workers and in workflow bundles, where payloads are encrypted: names a reject's text or a path. */
import { DefaultFailureConverter } from '@temporalio/common';

/** A failure whose message and stack are a payload; in their place stands "Encoded failure". Its type stays plain. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
