/** A real S3 server on this machine, for a test file or a bench: one for the process, with what the AWS SDK needs to find it. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AtomicFile } from '../../src/engine/output/atomic-file.ts';
import { openStored } from '../../src/engine/storage/stored-file.ts';
import { freePort } from '../../src/server/host.ts';
import { until } from '../e2e/until.ts';
import { findVersitygw } from './versitygw.ts';

export interface Store {
  readonly endpoint: string;
  /** The variables by which the SDK finds it, for other processes; those of this one are set. */
  readonly env: Readonly<Record<string, string>>;
  /** A bucket of its own, as `s3://…`. */
  bucket(): Promise<string>;
  /** Where the server keeps a place, as a path: objects are files. */
  fileOf(place: string): string;
}

let started: Promise<Store> | null = null;

/** The server; it ends with the process. */
export function openStore(): Promise<Store> {
  started ??= start();
  return started;
}

async function start(): Promise<Store> {
  const program = await findVersitygw();
  const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-store-'));
  const [data, sidecar] = ['data', 'sidecar'].map((name) => path.join(folder, name)) as [string, string];
  for (const each of [data, sidecar]) mkdirSync(each);
  const port = await freePort(0);
  const endpoint = `http://127.0.0.1:${port}`;
  const keys = { AWS_ACCESS_KEY_ID: 'threadmill-tests', AWS_SECRET_ACCESS_KEY: 'not-a-secret-of-anybody' };
  const env = { ...keys, AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'us-east-1' };
  // metadata beside the files: not every temporary folder has extended attributes
  const args = ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', '--sidecar', sidecar, data];
  const server = spawn(program, args, {
    env: { ROOT_ACCESS_KEY: keys.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: keys.AWS_SECRET_ACCESS_KEY },
    stdio: 'ignore',
  });
  server.unref();
  process.once('exit', () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  // read by the SDK when it is first asked
  Object.assign(process.env, env);
  await until('an answer of the S3 server', () => fetch(endpoint).catch(() => null), 20_000);
  let buckets = 0;
  return {
    endpoint,
    env,
    fileOf: (place) => path.join(data, place.slice('s3://'.length)),
    bucket: async () => {
      const Bucket = `tests-${buckets++}`;
      const { s3 } = await import('../../src/engine/storage/s3-client.ts');
      const { sdk, client } = await s3();
      await client.send(new sdk.CreateBucketCommand({ Bucket }));
      return `s3://${Bucket}`;
    },
  };
}

/** Puts an object. */
export async function putObject(place: string, bytes: Uint8Array): Promise<void> {
  const file = await AtomicFile.create(place);
  await file.write(bytes);
  await file.commit();
}

/** All of an object. */
export async function getObject(place: string): Promise<Buffer> {
  const file = await openStored(place);
  const buffer = Buffer.alloc(file.bytes);
  await file.read(buffer, 0);
  await file.close();
  return buffer;
}

/** Keys, below a bucket, of the uploads that are neither completed nor ended. */
export async function openUploads(bucket: string): Promise<readonly string[]> {
  const { s3 } = await import('../../src/engine/storage/s3-client.ts');
  const { sdk, client } = await s3();
  const Bucket = bucket.slice('s3://'.length);
  const { Uploads: uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket }));
  return uploads.map(({ Key = '' }) => Key);
}
