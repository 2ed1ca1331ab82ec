import { createClock } from './clock.ts';
import { commentFields, commentSlots } from './comment-fields.ts';
import { fateOf, scoreMin, type LineRecord, type RecordSource } from './line-record.ts';
import { compileTemplate, fieldsOf, renderLine, slotNumbers, type LineTemplate } from './line-template.ts';
import { traitsOf, type Month, type Traits } from './months.ts';
import { createPeople, deletedAuthor, type People } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { drawAwards, drawEdited, drawRetrieved, drawScore, writeCreated } from './reception.ts';
import { createTextWriter, type TextWriter } from './text.ts';
import { createThreads, type Link, type Threads } from './threads.ts';

const slots = slotNumbers(commentSlots);
const keyOrders = 64;

interface Scene {
  readonly traits: Traits;
  readonly text: TextWriter;
  readonly people: People;
  readonly threads: Threads;
  /** Whole lines in one or many orders of keys; `bare` has no keys `author_…`. */
  readonly templates: readonly LineTemplate[];
  readonly bare: readonly LineTemplate[];
}

/** Comments of a whole month or of one subreddit, in threads whose parents came before them (but for 1 %). */
export function createCommentSource(seed: number, subreddit?: string): RecordSource {
  const random = createRandom(seed);
  const clock = createClock('comments', random);
  const values: string[] = new Array<string>(commentSlots.length + 40).fill('');
  let scene: Scene | undefined;

  function enter(month: Month): void {
    const traits = traitsOf('comments', month);
    const fields = fieldsOf(commentFields, month);
    const compile = (chosen: typeof fields): LineTemplate[] =>
      Array.from({ length: traits.shuffledKeys ? keyOrders : 1 }, () =>
        compileTemplate({
          fields: chosen,
          slotNames: commentSlots,
          escapes: traits.escapes,
          ...(traits.shuffledKeys && { shuffle: random }),
        }),
      );
    const templates = compile(fields);
    const bare = traits.authorKeysMissing
      ? compile(fields.filter(([key]) => !/^\??author_/.test(key)))
      : templates;
    const kept = scene?.traits.escapes === traits.escapes ? scene : poolsOf(seed, traits, subreddit);
    scene = { ...kept, traits, templates, bare };
    clock.enter(month);
    scene.threads.enter(month);
  }

  function next(progress: number): LineRecord {
    if (scene === undefined) throw new Error('Enter a month first.');
    const { traits, threads, people, text } = scene;
    clock.tick(progress);
    const { id, seconds } = clock;
    const link = threads.link();
    const draw = random.uint32();
    const loss = draw & 0xff;
    const authorGone = loss < 20;
    const bodyDeleted = loss < 10;
    const bodyRemoved = loss >= 16 && loss < 26;
    const author = authorGone ? deletedAuthor : ((draw >>> 8) & 0xff) < 40 ? link.author : people.author();
    const scoreNull = traits.scoreNull > 0 && random.chance(traits.scoreNull);
    const score = drawScore(random);
    const lowScore = !scoreNull && score < scoreMin;
    const body = bodyDeleted ? '[deleted]' : bodyRemoved ? '[removed]' : text.body();

    fillAuthor(values, author);
    fillPlace(values, link);
    values[slots.id] = id;
    values[slots.parent] = threads.parentOf(link);
    values[slots.body] = body;
    values[slots.score] = scoreNull ? 'null' : String(score);
    values[slots.is_submitter] = !authorGone && author === link.author ? 'true' : 'false';
    values[slots.collapsed] = lowScore || authorGone ? 'true' : 'false';
    values[slots.collapsed_code] = authorGone ? '"DELETED"' : lowScore ? '"LOW_SCORE"' : 'null';
    fillTimes(values, random, traits, seconds);
    fillExtras(values, random, traits, { luck: draw >>> 16, bodyRemoved });

    const missing = authorGone || ((draw >>> 16) & 0xff) < 12;
    const choice = missing ? scene.bare : scene.templates;
    const line = renderLine(choice[(draw >>> 24) % choice.length]!, values, random); // never empty
    threads.add(link, id);
    return { line, id, lowScore, fate: fateOf({ deleted: authorGone, removed: bodyRemoved, lowScore }) };
  }
  return { enter, next };
}

/** Pools depend on the style of escapes only; their own seed keeps names the same in every style. */
function poolsOf(
  seed: number,
  traits: Traits,
  subreddit?: string,
): Omit<Scene, 'traits' | 'templates' | 'bare'> {
  const random = createRandom(seed + 1);
  const text = createTextWriter(random, traits.escapes);
  const people = createPeople(createRandom(seed + 2), traits.escapes, subreddit);
  const open = subreddit !== undefined ? 40 : traits.month < '2008-01' ? 300 : 4000;
  return { text, people, threads: createThreads(random, people, text, open) };
}

function fillAuthor(values: string[], author: typeof deletedAuthor): void {
  values[slots.author] = author.name;
  values[slots.author_fullname] = author.fullnameJson;
  values[slots.flair_text] = author.flairTextJson;
  values[slots.flair_class] = author.flairClassJson;
  values[slots.flair_richtext] = author.flairRichtextJson;
  values[slots.flair_type] = author.flairType;
  values[slots.author_created] = author.createdJson;
  values[slots.author_premium] = author.premium;
}

function fillPlace(values: string[], link: Link): void {
  values[slots.link] = link.id;
  values[slots.slug] = link.slug;
  values[slots.subreddit] = link.subreddit.name;
  values[slots.subreddit_id] = link.subreddit.id;
}

function fillTimes(values: string[], random: Random, traits: Traits, seconds: number): void {
  const retrieved = drawRetrieved(random, traits, seconds);
  values[slots.created] = writeCreated(random, traits, seconds);
  values[slots.seconds] = String(seconds);
  values[slots.retrieved] = String(retrieved);
  values[slots.retrieved_2nd] = String(retrieved + 100_000);
  values[slots.edited] = drawEdited(random, traits, seconds);
}

/** Fields that seldom differ; `luck` is 16 random bits. */
function fillExtras(
  values: string[],
  random: Random,
  traits: Traits,
  { luck, bodyRemoved }: { readonly luck: number; readonly bodyRemoved: boolean },
): void {
  const awards = drawAwards(random, traits);
  values[slots.gilded] = awards.gilded;
  values[slots.gildings] = awards.gildings;
  values[slots.awardings] = awards.awardings;
  values[slots.awards] = awards.count;
  values[slots.controversiality] = luck % 40 === 0 ? '1' : '0';
  values[slots.distinguished] = luck % 90 === 0 ? '"moderator"' : luck % 20_011 === 1 ? '"admin"' : 'null';
  values[slots.cakeday] = luck % 300 === 7 ? ',"author_cakeday":true' : '';
  values[slots.approved] = luck % 250 === 9 ? ',"approved":false' : '';
  values[slots.removal_reason] = bodyRemoved && luck % 30 === 3 ? '"legal"' : 'null';
  values[slots.comment_type] = 'null';
}
