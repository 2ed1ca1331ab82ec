/** An object of a store, opened to be read. */
import type { Readable } from 'node:stream';
import { ask, headObject } from './s3-client.ts';
import { replaced, type RemoteObject } from './remote-object.ts';
import { ConditionError } from './store-errors.ts';

/** @param explain as in `headObject` @throws {ThreadmillError} STORAGE_*; {NothingThereError} */
export async function openS3Object(place: string, explain = true): Promise<RemoteObject> {
  const { bytes, modifiedMs, etag } = await headObject(place, explain);
  return {
    place,
    bytes,
    modifiedMs,
    version: etag === '' ? String(modifiedMs) : etag,
    pieces: async (from, to, signal) => {
      try {
        return await ask('read', place, async ({ sdk, client }, at) => {
          const command = new sdk.GetObjectCommand({
            ...at,
            Range: `bytes=${from}-${to - 1}`,
            ...(etag === '' ? {} : { IfMatch: etag }),
          });
          const { Body: body } = await client.send(command, { abortSignal: signal });
          return body as Readable;
        });
      } catch (error) {
        if (error instanceof ConditionError) throw replaced(place);
        throw error;
      }
    },
  };
}
