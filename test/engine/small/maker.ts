/** Test helper, a process: makes every archive of a folder by the pool, as the batch of a corpus does. Usage: maker.ts <in> <out> */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { asked, never, pool } from './scene.ts';

const [input = '', out = ''] = process.argv.slice(2);
const own = pool();
const names = (await readdir(input)).sort();
const settings = { partBytes: 2 ** 20 };
await Promise.all(
  names.map((name) => own.mill(asked({ archive: path.join(input, name), settings }, out), never)),
);
await own.close();
console.log('all made');
