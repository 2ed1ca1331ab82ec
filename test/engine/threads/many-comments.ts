/** Test helper: large archives of comments, with trees as they grow by themselves; the same parameters, the same text. */
import { createRandom } from '../../../samples/generator/random.ts';

export interface ManyComments {
  readonly comments: number;
  readonly threads: number;
  /** `tree`: each answers any earlier one of its thread; `chain`: the one before. */
  readonly shape?: 'tree' | 'chain';
  /** Share of excluded ones, a hundredth by default. */
  readonly excluded?: number;
  readonly bodyBytes?: number;
}

const startSeconds = 1_500_000_000;

/** One comment's line, the `number`th of its archive. Comment n of a thread of its own answers n - 1, or a random one. */
function lineOf(
  number: number,
  parent: string,
  link: string,
  options: { excluded: boolean; body: string },
): string {
  const { excluded, body } = options;
  return (
    `{"id":"${idOf(number)}","link_id":"${link}","parent_id":"${parent}","created_utc":${startSeconds + (number >> 3)},` +
    `"author":"${excluded ? '[deleted]' : `user${number % 5000}`}","body":"${body}","score":${number % 50},` +
    `"author_flair_text":"L${number}"}\n`
  );
}

function idOf(number: number): string {
  return `c${(number + 1_000_000).toString(36)}`;
}

/** Runs of lines of about a MiB. */
export function* commentBlocks({
  comments,
  threads,
  shape = 'tree',
  excluded = 0.01,
  bodyBytes = 60,
}: ManyComments): Generator<string> {
  const random = createRandom(comments * 31 + threads);
  const word = 'lorem ipsum dolor sit amet ';
  const words = word.repeat(Math.ceil((bodyBytes * 2) / word.length));
  let block = '';
  for (let number = 0; number < comments; number++) {
    const thread = number % threads;
    const link = `t3_big${thread.toString(36)}`;
    const before = Math.floor(number / threads);
    const answered = shape === 'chain' ? before - 1 : random.below(before + 1) - 1;
    const parent = answered < 0 ? link : `t1_${idOf(answered * threads + thread)}`;
    const body = words.slice(0, bodyBytes / 2 + random.below(bodyBytes)) + String(random.uint32());
    block += lineOf(number, parent, link, { excluded: random.chance(excluded), body });
    if (block.length > 1024 * 1024) {
      yield block;
      block = '';
    }
  }
  yield block;
}

export function manyComments(options: ManyComments): string {
  return [...commentBlocks(options)].join('');
}
