/** A file of a web server, opened to be read by ranges. */
import { ThreadmillError } from '../../core/errors.ts';
import { replaced, type RemoteObject } from './remote-object.ts';
import { NothingThereError, storeError } from './store-errors.ts';

/** How long the head of an answer may take. */
const answerMs = 30_000;

/**
 * Asks for the first byte: addresses that are signed for reading often refuse HEAD.
 *
 * @throws {ThreadmillError} STORAGE_*, STORAGE_REFUSED where the server gives no ranges; {NothingThereError}
 */
export async function openHttpsObject(place: string): Promise<RemoteObject> {
  const answer = await request(place, 'bytes=0-0', AbortSignal.timeout(answerMs));
  await answer.body?.cancel();
  const bytes = bytesOf(answer);
  if (bytes === null) throw withoutRanges(place);
  const version = versionOf(answer);
  return {
    place,
    bytes,
    modifiedMs: Date.parse(answer.headers.get('last-modified') ?? '') || 0,
    version,
    pieces: async (from, to, signal) => {
      const part = await request(place, `bytes=${from}-${to - 1}`, signal);
      if (part.status !== 206 || part.body === null) {
        await part.body?.cancel();
        throw withoutRanges(place);
      }
      if (bytesOf(part) !== bytes || versionOf(part) !== version) {
        await part.body.cancel();
        throw replaced(place);
      }
      return part.body;
    },
  };
}

async function request(place: string, range: string, signal: AbortSignal): Promise<Response> {
  let answer;
  try {
    // packed on its way it would have other bytes, and ranges of those
    answer = await fetch(place, { headers: { range, 'accept-encoding': 'identity' }, signal });
  } catch (thrown) {
    throw storeError('read', place, thrown);
  }
  if (answer.ok || answer.status === 416) return answer;
  await answer.body?.cancel();
  if (answer.status === 404 || answer.status === 410) throw new NothingThereError(place);
  const { status, statusText } = answer;
  throw storeError('read', place, {
    name: `${status} ${statusText}`.trim(),
    $metadata: { httpStatusCode: status },
  });
}

/** The size of the whole; null where the server has answered without a range. 416 is said of an empty file, with its size. */
function bytesOf({ status, headers }: Response): number | null {
  const [, size] = /\/(\d+)\s*$/.exec(headers.get('content-range') ?? '') ?? [];
  if (size !== undefined && (status === 206 || status === 416)) return Number(size);
  return status === 416 || headers.get('content-length') === '0' ? 0 : null;
}

/** A weak ETag promises the same meaning, not the same bytes. */
function versionOf({ headers }: Response): string | null {
  const etag = headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : headers.get('last-modified');
}

function withoutRanges(place: string): ThreadmillError {
  return new ThreadmillError(
    'STORAGE_REFUSED',
    `Cannot read ${JSON.stringify(place)}: its server does not answer range requests, so a job could not go on in the middle; ` +
      'download it first: curl -LO',
    { facts: { path: place } },
  );
}
