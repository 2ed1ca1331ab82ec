/** What is below a key of a store, as a folder. */
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import type { FolderEntry } from './folder.ts';
import { ask, headObject, listFolder, prefixOf } from './s3-client.ts';
import { s3Place } from './place.ts';
import { ConditionError, NothingThereError } from './store-errors.ts';
import { ThreadmillError } from '../../core/errors.ts';

/** Size of an object, bytes. */
export async function s3Bytes(place: string): Promise<number> {
  return (await headObject(place)).bytes;
}

/** As `sizesIn`: one listing for all. */
export function s3SizesIn(folder: string): (name: string) => Promise<number> {
  let listed: Promise<ReadonlyMap<string, number>> | null = null;
  const list = async (): Promise<ReadonlyMap<string, number>> => {
    const sizes = new Map<string, number>();
    for await (const { objects } of listFolder(folder))
      for (const { name, bytes } of objects) sizes.set(name, bytes);
    return sizes;
  };
  return async (name) => {
    listed ??= list();
    const bytes = (await listed).get(name);
    if (bytes === undefined) throw new NothingThereError(`${folder}/${name}`);
    return bytes;
  };
}

/** The objects in a folder, not those in folders below it. */
export async function* s3FilesIn(folder: string): AsyncGenerator<FolderEntry, void> {
  for await (const { objects } of listFolder(folder)) yield* objects;
}

/** Absolute places of the folders in a folder. */
export async function s3FoldersIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { folders } of listFolder(folder))
    found.push(...folders.map((name) => `${folder}/${name}`));
  return found;
}

/** Whether anything is below a key. */
export async function s3FolderExists(folder: string): Promise<boolean> {
  for await (const { objects, folders } of listFolder(folder)) return objects.length + folders.length > 0;
  return false;
}

/** Removes an object; one that is gone is removed. */
export async function s3Remove(place: string): Promise<void> {
  await ask('remove', place, ({ sdk, client }, at) => client.send(new sdk.DeleteObjectCommand(at)));
}

/**
 * Puts a small object in the place of nothing, or of one that was seen there; gives whether it did.
 *
 * @param seen ETag of what stood there; null: nothing did
 */
export async function s3PutInPlace(place: string, text: string, seen: string | null): Promise<boolean> {
  const condition = seen === null ? { IfNoneMatch: '*' } : { IfMatch: seen };
  try {
    await ask('write', place, ({ sdk, client }, at) =>
      client.send(new sdk.PutObjectCommand({ ...at, Body: text, ...condition })),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionError || error instanceof NothingThereError) return false;
    throw error;
  }
}

/** Ends the uploads below a folder whose objects are wanted and that began before `beforeMs`; gives the names of their objects. */
export async function s3AbandonUploads(
  folder: string,
  { beforeMs, wanted }: { readonly beforeMs: number; readonly wanted: (name: string) => boolean },
): Promise<readonly string[]> {
  const prefix = prefixOf(s3Place(folder));
  const ended: string[] = [];
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | null = {};
  try {
    while (marker !== null) {
      const page: ListMultipartUploadsCommandOutput = await ask(
        'list uploads in',
        folder,
        ({ sdk, client }, { Bucket }) =>
          client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...marker })),
      );
      for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
        const name = Key.slice(prefix.length);
        if (!wanted(name) || (Initiated?.getTime() ?? 0) >= beforeMs) continue;
        await ask('end an upload in', folder, ({ sdk, client }, { Bucket }) =>
          client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
        ).catch((error: unknown) => {
          if (!(error instanceof ThreadmillError && error.code === 'OUTPUT_FAILED')) throw error; // it has just ended
        });
        ended.push(name);
      }
      marker =
        page.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
          : null;
    }
  } catch (error) {
    // not every key may list uploads, nor can every store: a job that is done is not undone by it
    if (!(error instanceof ThreadmillError) || error.code === 'STORAGE_UNAVAILABLE') throw error;
  }
  return ended;
}
