/** What a store or a web server answers, as errors of ours: by the code it is decided what is retried. */
import { ThreadmillError, type ErrorCode } from '../../core/errors.ts';

/** There is no such object. `code` is that of a missing file, so whoever asks need not know where files are. */
export class NothingThereError extends Error {
  readonly code = 'ENOENT';

  constructor(place: string) {
    super(`ENOENT: there is no ${JSON.stringify(place)}`);
    this.name = 'NothingThereError';
  }
}

/** A conditional request whose condition does not hold: another was faster. */
export class ConditionError extends Error {
  constructor(place: string) {
    super(`What stands at ${JSON.stringify(place)} is not what was expected`);
    this.name = 'ConditionError';
  }
}

/** What the SDK or `fetch` throws, as far as it is of interest. Its other fields are not: keys and signatures are among them. */
interface Thrown {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly cause?: { readonly code?: string; readonly message?: string };
}

const noKey: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound']);
const noAccess: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'AccessDenied',
  'RequestTimeTooSkewed',
]);
const full = /QuotaExceeded|StorageFull|InsufficientStorage/;
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/;

/** What is to be done about each. */
const waysOut: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORAGE_UNAVAILABLE: 'check network and endpoint; a job goes on by itself when it answers again',
  STORAGE_DENIED:
    'check the credentials of the worker (AWS_ACCESS_KEY_ID, AWS_PROFILE or its role) and that they may read and list, and for ' +
    'output write, delete and abort uploads there',
  DISK_FULL: 'make room, the job goes on by itself',
};

/**
 * The error for what a request to a store has thrown.
 *
 * @param action what was tried, e.g. `read`
 */
export function storeError(action: string, place: string, thrown: unknown): Error {
  if (thrown instanceof ThreadmillError) return thrown;
  if (thrown instanceof NothingThereError || thrown instanceof ConditionError) return thrown;
  // fetch says TypeError of a connection, with its cause; one without is ours
  if ((thrown instanceof TypeError && thrown.cause === undefined) || thrown instanceof RangeError)
    return thrown;
  const { name = '', message = '', $metadata, code, cause } = thrown as Thrown;
  const status = $metadata?.httpStatusCode;
  const why = [name, cause?.message ?? message].filter((text) => text !== '').join(': ');
  const say = (errorCode: ErrorCode, wayOut = waysOut[errorCode] ?? ''): ThreadmillError =>
    new ThreadmillError(errorCode, `Cannot ${action} ${JSON.stringify(place)}: ${why}; ${wayOut}`, {
      facts: { path: place, ...(status === undefined ? {} : { status }) },
    });
  if (noKey.has(name)) return new NothingThereError(place);
  if (name === 'NoSuchBucket')
    return say('STORAGE_REFUSED', 'check the bucket, AWS_ENDPOINT_URL_S3 and AWS_REGION');
  if (name === 'NoSuchUpload')
    return say('OUTPUT_FAILED', 'its upload was ended by a clean-up; run again: it goes on');
  if (status === 412 || name === 'ConditionalRequestConflict') return new ConditionError(place);
  if (full.test(name) || status === 507) return say('DISK_FULL');
  if (noAccess.has(name) || status === 401 || status === 403) return say('STORAGE_DENIED');
  if (status === 404) return new NothingThereError(place);
  if (certificate.test(String(code ?? cause?.code ?? '')))
    return say(
      'STORAGE_REFUSED',
      'check its certificate; NODE_EXTRA_CA_CERTS names a file of authorities to trust',
    );
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429)
    return say('STORAGE_REFUSED', 'check the address, AWS_ENDPOINT_URL_S3 and AWS_REGION');
  if (status === 501)
    return say('STORAGE_REFUSED', 'this store can not do what threadmill needs: see docs/storage.md');
  return say('STORAGE_UNAVAILABLE');
}
