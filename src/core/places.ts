/** What a text that names an archive or a folder leads to. */

/** `file`: a path of this machine; `s3`: `s3://bucket/key`; `https`: a web address (`http://` too: what matters is how it is read). */
export type Scheme = 'file' | 's3' | 'https';

/** What kind of place a text names. */
export function schemeOf(place: string): Scheme {
  if (/^s3:\/\//i.test(place)) return 's3';
  return /^https?:\/\//i.test(place) ? 'https' : 'file';
}
