/** What stands for a value that is encrypted under a key which this process does not have. */

const mark = 'threadmillUnreadable';

/** Plain JSON, so that it goes wherever the value would have gone. */
export interface Unreadable {
  /** Why, in words, with the way out. */
  readonly [mark]: string;
}

export function unreadable(why: string): Unreadable {
  return { [mark]: why };
}

/** Why a value could not be read; null where it could. */
export function whyUnreadable(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !(mark in value)) return null;
  const why = (value as Readonly<Record<string, unknown>>)[mark];
  return typeof why === 'string' ? why : null;
}
