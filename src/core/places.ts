/** What a text that names an archive or a folder leads to. */

/** `file`: a path of this machine; `s3`: `s3://bucket/key`; `https`: a web address (`http://` too: what matters is how it is read). */
export type Scheme = 'file' | 's3' | 'https';

/** What kind of place a text names. */
export function schemeOf(place: string): Scheme {
  if (/^s3:\/\//i.test(place)) return 's3';
  return /^https?:\/\//i.test(place) ? 'https' : 'file';
}

/** Whether it is on no disk of this machine. */
export function isRemote(place: string): boolean {
  return schemeOf(place) !== 'file';
}

const query = /(https?:\/\/[^\s"'<>?]+\?)[^\s"'<>]+/gi;

/** A text without what gives access: behind the `?` of a web address a signature may stand. */
export function withoutSecrets(text: string): string {
  return text.includes('://') ? text.replace(query, '$1…') : text;
}

/** Whether a web address carries a signature or a key: whoever can read it can read what it leads to. */
export function givesAccess(place: string): boolean {
  if (schemeOf(place) !== 'https') return false;
  const [, asked = ''] = place.split('?', 2);
  return /(^|&)[^=&]*(signature|sig|token|credential|secret|password|key|auth)[^=&]*=/i.test(asked);
}
