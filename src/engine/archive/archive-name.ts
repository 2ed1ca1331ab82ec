/** What an archive's file name says: the dataset's name, and its kind where the lines don't tell. */
import type { ArchiveKind } from '../../core/columns.ts';
import { fileName } from '../storage/place.ts';

const containerExtension = /\.(zst|zstd|zst_blocks|gz|ndjson|jsonl|json)$/i;
/** File systems allow 255 bytes for a name; the rest is room for suffixes and job ids made of it. */
const nameBytesMax = 180;

/**
 * The file name without the extensions of its containers, safe as the name of a folder: letters, digits, `.`, `_`, `-`
 * and `+`; anything else becomes `_`. `RC_2005-12.ndjson.zst` → `RC_2005-12`. Never empty.
 */
export function archiveName(path: string): string {
  let name = fileName(path);
  while (containerExtension.test(name)) name = name.replace(containerExtension, '');
  name = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}._+-]/gu, '_')
    .replace(/^[.-]+|\.+$/g, '');
  while (Buffer.byteLength(name) > nameBytesMax) name = Array.from(name).slice(0, -1).join('');
  return name === '' ? 'archive' : name;
}

/** The kind by the names that dumps have (`RC_2005-12`, `austinfood_submissions`), or null. */
export function kindOfName(name: string): ArchiveKind | null {
  if (/^RC[_-]/i.test(name) || /(^|[_-])comments?$/i.test(name)) return 'comments';
  if (/^RS[_-]/i.test(name) || /(^|[_-])submissions?$/i.test(name)) return 'submissions';
  return null;
}
