/** Names that a selection gives: subreddits, authors, threads. Reddit's are ASCII, and compare without regard to case. */

/** A-Z become a-z; every other character stays what it is. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function plainName(text: string, prefix: RegExp): string | null {
  const name = foldName(text.trim().replace(prefix, '').replace(/\/$/, ''));
  // a name has no white space: two of them in one item, or a sentence, are a mistake
  return name === '' || /[\s\0,;"]/.test(name) ? null : name;
}

/** `Austin`, `r/Austin` or `/r/austin/` as `austin`; null for what can be no name. */
export function subredditName(text: string): string | null {
  return plainName(text, /^\/?r\//i);
}

/** `spez`, `u/spez` or `/user/Spez` as `spez`; null for what can be no name. */
export function authorName(text: string): string | null {
  return plainName(text, /^\/?(?:u|user)\//i);
}

/** The id of a submission, `abc12`, from that, from `t3_abc12` or from a link to it; null for anything else. */
export function threadId(text: string): string | null {
  const trimmed = text.trim().toLowerCase();
  const id = /\/comments\/([a-z0-9]+)/.exec(trimmed)?.[1] ?? trimmed.replace(/^t3_/, '');
  return /^[a-z0-9]{1,13}$/.test(id) ? id : null;
}

/** Sorted by code unit, each once: equal sets give equal lists. */
export function nameList(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].sort();
}
