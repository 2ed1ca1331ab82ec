/** The AWS SDK, loaded when a store is first asked; whoever asks none is as fast as without it. */
import type { S3Client } from '@aws-sdk/client-s3';
import { NothingThereError, storeError } from './store-errors.ts';
import { s3Place, type S3Place } from './place.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

export interface S3 {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

let loaded: Promise<S3> | null = null;

/**
 * The SDK and one client for this thread. Credentials, region, endpoint and retries are the SDK's own business: the variables
 * and files that every AWS tool reads. An endpoint of one's own is asked by path (http://host/bucket/key): few have a name for each
 * bucket.
 */
export function s3(): Promise<S3> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const asked = new sdk.S3Client({});
  const endpoint = await asked.config.serviceConfiguredEndpoint?.();
  const region = await asked.config.region().catch(() => 'us-east-1'); // what endpoints of one's own call themselves
  asked.destroy();
  const client = new sdk.S3Client({
    region,
    forcePathStyle: endpoint !== undefined,
    // a bucket of AWS's may be in another region than the user's
    followRegionRedirects: endpoint === undefined,
    // ranges have none, and what the bytes are is told by fingerprints and digests
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return { sdk, client };
}

/**
 * Sends what `request` makes of a place, and gives the answer.
 *
 * @param action what is tried, for the error: `read`, `write`, …
 * @throws {ThreadmillError} STORAGE_*; {NothingThereError} where there is no such object
 */
export async function ask<T>(
  action: string,
  place: string,
  request: (s3: S3, at: { readonly Bucket: string; readonly Key: string }) => Promise<T>,
): Promise<T> {
  try {
    const { bucket: Bucket, key: Key } = s3Place(place);
    return await request(await s3(), { Bucket, Key });
  } catch (thrown) {
    throw storeError(action, place, thrown);
  }
}

/** What the store tells of an object without its bytes. */
export interface ObjectFacts {
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Empty where the store gives none. */
  readonly etag: string;
}

/**
 * @param explain false: what is missing is missing, whether object or bucket; one request less
 * @throws as {@link ask}
 */
export async function headObject(place: string, explain = true): Promise<ObjectFacts> {
  try {
    const found = await ask('read', place, ({ sdk, client }, at) =>
      client.send(new sdk.HeadObjectCommand(at)),
    );
    return {
      bytes: found.ContentLength ?? 0,
      modifiedMs: found.LastModified?.getTime() ?? 0,
      etag: found.ETag ?? '',
    };
  } catch (error) {
    if (!explain && error instanceof NothingThereError) throw error;
    // an answer to HEAD has no text: only that to GET tells a missing bucket from a missing object, and why access is denied
    await ask('read', place, async ({ sdk, client }, at) => {
      const { Body: body } = await client.send(new sdk.GetObjectCommand({ ...at, Range: 'bytes=0-0' }));
      body
        ?.transformToWebStream()
        .cancel()
        .catch(() => undefined);
    });
    throw error;
  }
}

/** Each page of what is listed below a folder: its objects, and the folders in it. */
export async function* listFolder(folder: string): AsyncGenerator<
  {
    readonly objects: readonly (ObjectFacts & { readonly name: string })[];
    readonly folders: readonly string[];
  },
  void
> {
  const prefix = prefixOf(s3Place(folder));
  let token: string | undefined;
  do {
    const page = await ask('list', folder, ({ sdk, client }, { Bucket }) =>
      client.send(
        new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, Delimiter: '/', ContinuationToken: token }),
      ),
    ).catch((error: unknown) => {
      if (error instanceof NothingThereError) return null;
      throw error;
    });
    if (page === null) return;
    yield {
      objects: (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified, ETag = '' }) => ({
        name: Key.slice(prefix.length),
        bytes: Size,
        modifiedMs: LastModified?.getTime() ?? 0,
        etag: ETag,
      })),
      folders: (page.CommonPrefixes ?? []).map(({ Prefix = '' }) =>
        Prefix.slice(prefix.length).replace(/\/$/, ''),
      ),
    };
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** What the keys below a folder begin with. */
export function prefixOf({ key }: S3Place): string {
  return key === '' ? '' : `${key}/`;
}
