import { createBase36, firstId } from './clock.ts';
import type { Month } from './months.ts';
import type { Author, People, Subreddit } from './people.ts';
import type { Random } from './random.ts';
import type { TextWriter } from './text.ts';

/** A submission that comments are written under. */
export interface Link {
  readonly id: string;
  readonly slug: string;
  readonly subreddit: Subreddit;
  readonly author: Author;
  /** Ids of the latest comments, in a ring. */
  readonly recent: string[];
  comments: number;
}

/** The links that are being talked about, and the parents a new comment may answer. */
export interface Threads {
  enter(month: Month): void;
  /** A link to comment on: a few get most of the comments. */
  link(): Link;
  /** What a new comment answers: an earlier comment of the link, the link itself, or (1 %) a comment nobody has. */
  parentOf(link: Link): string;
  /** Remembers a comment as one that can be answered. */
  add(link: Link, id: string): void;
}

const ringLength = 32;

/** Threads with `open` links talked about at a time; memory is bounded by that. */
export function createThreads(random: Random, people: People, text: TextWriter, open: number): Threads {
  const base36 = createBase36();
  const links: Link[] = [];
  let submission = 0;
  let comment = 0;
  function create(): Link {
    submission += 1 + random.below(40);
    return {
      id: base36(submission),
      slug: text.slug(),
      subreddit: people.subreddit(),
      author: people.author(),
      recent: [],
      comments: 0,
    };
  }
  return {
    enter(month) {
      submission = Math.max(submission, firstId('submissions', month));
      comment = firstId('comments', month);
      while (links.length < open) links.push(create());
    },
    link() {
      const at = Math.floor(open * random.float() ** 2.5);
      const link = links[at]!; // at is below open
      // Busy places live longer, so threads from one comment to some thousands come about.
      if (link.comments > 0 && random.uint32() < 0x0a000000 / (1 + link.comments / 40))
        return (links[at] = create());
      return link;
    },
    parentOf(link) {
      const draw = random.uint32();
      if (draw < 0x02800000) return `t1_${base36(Math.max(1, comment - 1 - (draw & 0xfffff)))}`;
      if (link.comments === 0 || draw < 0x60000000) return `t3_${link.id}`;
      const back = Math.floor(Math.min(link.comments, ringLength) * random.float() ** 2);
      return `t1_${link.recent[(link.comments - 1 - back) % ringLength]!}`; // the ring is filled up to its count
    },
    add(link, id) {
      link.recent[link.comments % ringLength] = id;
      link.comments += 1;
    },
  };
}
