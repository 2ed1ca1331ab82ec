/** The id of a corpus: the same request is the same one. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { JobSettings } from '../../contract/job.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import { archiveName } from '../archive/archive-name.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { makeFolder } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { corpusFolder } from './names.ts';

/** What a corpus is asked for; all paths absolute. */
export interface CorpusRequest {
  readonly archives: readonly string[];
  /** A file with more of them. */
  readonly list: string | null;
  readonly join: boolean;
  readonly out: string;
}

/** The server takes 2 MB; a request is looked at by people, too. */
const inlineBytesMax = 32 * 1024;

/** `corpus-<output folder's name>-<8 hex>`, the hex made from what is asked for and the settings that decide bytes. */
export function corpusId({ archives, list, join, out }: CorpusRequest, settings: JobSettings): string {
  const asked = [[...archives].sort(), list, join, out, decisiveSettings(settings)];
  const hash = createHash('sha256').update(JSON.stringify(asked)).digest('hex');
  return `corpus-${archiveName(path.basename(out))}-${hash.slice(0, 8)}`;
}

/**
 * The request as it may travel: tens of thousands of names go into a file in the corpus's folder.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED, DISK_FULL
 */
export async function travelling(
  request: CorpusRequest,
): Promise<{ readonly archives: readonly string[]; readonly list?: string }> {
  const { archives, list, out } = request;
  if (list !== null || Buffer.byteLength(JSON.stringify(archives)) <= inlineBytesMax)
    return { archives, ...(list === null ? {} : { list }) };
  const text = `${archives.join('\n')}\n`;
  const folder = corpusFolder(out);
  await makeFolder(folder).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  const digest = createHash('sha256').update(text).digest('hex');
  const file = await AtomicFile.create(placeIn(folder, `names-${digest.slice(0, 16)}.txt`));
  try {
    await file.write(Buffer.from(text));
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  return { archives: [], list: file.path };
}
