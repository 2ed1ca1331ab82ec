import { createClock } from './clock.ts';
import { fateOf, scoreMin, type LineRecord, type RecordSource } from './line-record.ts';
import { compileTemplate, fieldsOf, renderLine, slotNumbers, type LineTemplate } from './line-template.ts';
import { traitsOf, type Month, type Traits } from './months.ts';
import { createPeople, deletedAuthor, type Author, type People } from './people.ts';
import { createRandom, weightedTable, type Random } from './random.ts';
import { drawAwards, drawEdited, drawRetrieved, drawScore, writeCreated } from './reception.ts';
import { drawPost, type Post } from './posts.ts';
import { submissionFields, submissionSlots } from './submission-fields.ts';
import { createTextWriter, type TextWriter } from './text.ts';

const slots = slotNumbers(submissionSlots);
const keyOrders = 64;

/** `removed_by_category`: 42 % of the submissions from 2020 to mid-2023 have one. */
const removals = weightedTable([
  ['null', 147],
  ['"deleted"', 22],
  ['"author"', 2],
  ['"moderator"', 30],
  ['"automod_filtered"', 28],
  ['"reddit"', 24],
  ['"copyright_takedown"', 1],
  ['"anti_evil_ops"', 1],
  ['"content_takedown"', 1],
]);

interface Scene {
  readonly traits: Traits;
  readonly text: TextWriter;
  readonly people: People;
  readonly templates: readonly LineTemplate[];
  readonly bare: readonly LineTemplate[];
}

/** Submissions of a whole month or of one subreddit. */
export function createSubmissionSource(seed: number, subreddit?: string): RecordSource {
  const random = createRandom(seed);
  const clock = createClock('submissions', random);
  const values: string[] = new Array<string>(submissionSlots.length + 60).fill('');
  let scene: Scene | undefined;

  function enter(month: Month): void {
    const traits = traitsOf('submissions', month);
    const fields = fieldsOf(submissionFields, month);
    const compile = (chosen: typeof fields): LineTemplate[] =>
      Array.from({ length: traits.shuffledKeys ? keyOrders : 1 }, () =>
        compileTemplate({
          fields: chosen,
          slotNames: submissionSlots,
          escapes: traits.escapes,
          ...(traits.shuffledKeys && { shuffle: random }),
        }),
      );
    const templates = compile(fields);
    const bare = traits.authorKeysMissing
      ? compile(fields.filter(([key]) => !/^\??author_/.test(key)))
      : templates;
    const pools =
      scene?.traits.escapes === traits.escapes
        ? { text: scene.text, people: scene.people }
        : {
            text: createTextWriter(createRandom(seed + 1), traits.escapes),
            people: createPeople(createRandom(seed + 2), traits.escapes, subreddit),
          };
    scene = { ...pools, traits, templates, bare };
    clock.enter(month);
  }

  function next(progress: number): LineRecord {
    if (scene === undefined) throw new Error('Enter a month first.');
    const { traits, people, text } = scene;
    clock.tick(progress);
    const { id, seconds } = clock;
    const draw = random.uint32();
    const removal = traits.removedByCategory ? removals[draw & 0xff]! : 'null'; // the table has 256 entries
    const deletedByUser = removal === '"deleted"' || removal === '"author"';
    const authorGone = removal === '"deleted"' || ((draw >>> 8) & 0xff) < 14;
    const removed = removal !== 'null' && !deletedByUser;
    const authorNull = traits.month >= '2011-01' && traits.month <= '2013-12' && draw >>> 16 < 400;
    const author = authorGone ? deletedAuthor : people.author();
    const post = drawPost(random, text, traits);
    const selftext = !post.isSelf
      ? ''
      : deletedByUser
        ? '[deleted]'
        : removed
          ? '[removed]'
          : text.body() + '\\n' + text.body();
    const scoreNull = traits.scoreNull > 0 && random.chance(traits.scoreNull);
    const score = drawScore(random);
    const lowScore = !scoreNull && score < scoreMin;

    fillAuthor(values, author, authorNull);
    fillPost(values, post, text);
    fillPlace(values, random, people, traits);
    values[slots.id] = id;
    values[slots.selftext] = selftext;
    values[slots.score] = scoreNull ? 'null' : String(score);
    values[slots.removed_by_category] = removal;
    values[slots.num_comments] = String(Math.floor(2 * (1 - random.float()) ** -0.7) - 2);
    values[slots.ratio] =
      score < 1 ? `0.${10 + (draw >>> 26)}` : draw >>> 30 === 0 ? `0.${51 + (draw & 31)}` : '1.0';
    fillTimes(values, random, traits, seconds);
    fillAwards(values, random, traits);
    const choice = authorGone ? scene.bare : scene.templates;
    const line = renderLine(choice[(draw >>> 24) % choice.length]!, values, random); // never empty
    const deleted = deletedByUser || (authorGone && !authorNull);
    return { line, id, lowScore, fate: fateOf({ deleted, removed, lowScore }) };
  }
  return { enter, next };
}

function fillAuthor(values: string[], author: Author, authorNull: boolean): void {
  values[slots.author_json] = authorNull ? 'null' : `"${author.name}"`;
  values[slots.author_fullname] = author.fullnameJson;
  values[slots.flair_text] = author.flairTextJson;
  values[slots.flair_class] = author.flairClassJson;
  values[slots.flair_richtext] = author.flairRichtextJson;
  values[slots.flair_type] = author.flairType;
  values[slots.author_premium] = author.premium;
}

function fillPost(values: string[], post: Post, text: TextWriter): void {
  values[slots.title] = text.title();
  values[slots.slug] = text.slug();
  values[slots.is_self] = String(post.isSelf);
  values[slots.is_video] = String(post.isVideo);
  values[slots.url_json] = post.urlJson;
  values[slots.domain_json] = post.domainJson;
  values[slots.thumbnail] = post.thumbnailJson;
  values[slots.thumb_height] = post.thumbnailHeight;
  values[slots.thumb_width] = post.thumbnailWidth;
  values[slots.media] = post.mediaJson;
  values[slots.preview] = post.previewMember;
  values[slots.post_hint] = post.hintMember;
  values[slots.overridden] =
    post.isSelf || post.urlJson === 'null' ? '' : `,"url_overridden_by_dest":${post.urlJson}`;
}

function fillPlace(values: string[], random: Random, people: People, traits: Traits): void {
  const { name, id } = people.subreddit();
  const draw = random.uint32();
  const promoted = traits.month >= '2014-01' && traits.month <= '2017-12' && draw < 0x01000000;
  values[slots.subreddit] = name;
  values[slots.subreddit_member] = promoted ? '' : `,"subreddit":"${name}"`;
  values[slots.subreddit_id_member] = promoted ? '' : `,"subreddit_id":"t5_${id}"`;
  values[slots.promoted] = promoted ? ',"promoted":true' : '';
  values[slots.subscribers] = String(1000 + (Number.parseInt(id, 36) % 900_000));
  values[slots.over_18] = draw % 11 === 0 ? 'true' : 'false';
  values[slots.distinguished] = draw % 190 === 0 ? '"moderator"' : 'null';
  values[slots.link_flair_text] =
    draw % 4 === 0 ? '"Discussion"' : draw % 7 === 0 ? '"Question \\u2753"' : 'null';
  const crossposted = draw % 40 === 3;
  values[slots.crosspost] = crossposted ? `,"crosspost_parent":"t3_${(draw >>> 4).toString(36)}"` : '';
  values[slots.crosspost_list] = crossposted
    ? `,"crosspost_parent_list":[{"id":"${(draw >>> 4).toString(36)}","over_18":false}]`
    : '';
}

function fillTimes(values: string[], random: Random, traits: Traits, seconds: number): void {
  const retrieved = drawRetrieved(random, traits, seconds);
  values[slots.created] = writeCreated(random, traits, seconds);
  values[slots.seconds] = String(seconds);
  values[slots.retrieved] = String(retrieved);
  values[slots.retrieved_2nd] = String(retrieved + 100_000);
  values[slots.edited] = drawEdited(random, traits, seconds);
}

function fillAwards(values: string[], random: Random, traits: Traits): void {
  const awards = drawAwards(random, traits);
  values[slots.gilded] = awards.gilded;
  values[slots.gildings] = awards.gildings;
  values[slots.awardings] = awards.awardings;
  values[slots.awards] = awards.count;
}
