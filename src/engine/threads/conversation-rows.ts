/** `conversations`: threads as JSON lines for those who train on them; whole threads nested, or a line for each path of turns. */
import { frameBytesMax } from '../../core/limits.ts';
import { ByteSink } from '../output/byte-sink.ts';
import type { EncodedStripe } from '../output/format.ts';
import { pushAscii, pushJsonString } from '../output/json-text.ts';
import { zstdFrame } from '../output/zstd-frame.ts';
import type { PayloadRow } from './payload-reader.ts';
import type { RowAtHand, TakeBytes } from './row-at-hand.ts';
import type { Payloads, ThreadRowWriter } from './row-writers.ts';

/** Text that goes out as a run of zstd frames, cut where they are full: a line may go over many. */
class FramedText {
  readonly sink = new ByteSink();
  private frames = new ByteSink();
  private rows = 0;

  /** Called after each row. */
  endRow(): void {
    this.rows++;
    this.cut();
  }

  cut(): void {
    if (this.sink.length >= frameBytesMax) this.endFrame();
  }

  finish(): EncodedStripe {
    if (this.sink.length > 0) this.endFrame();
    const stripe = { bytes: this.frames.take(), rows: this.rows, meta: null };
    this.rows = 0;
    return stripe;
  }

  private endFrame(): void {
    this.frames.push(zstdFrame(this.sink.content()));
    this.sink.clear();
  }
}

/** Indices of the values that conversations show, by kind. */
interface Shown {
  readonly subreddit: number;
  readonly author: number;
  readonly score: number;
  readonly text: number;
}

function shownOf(payload: PayloadRow, text: string): Shown {
  return {
    subreddit: payload.index('subreddit'),
    author: payload.index('author'),
    score: payload.index('score'),
    text: payload.index(text),
  };
}

/** Appends `"name":` and the payload's value, or null. */
function pushMember(sink: ByteSink, name: string, payload: PayloadRow | null, index: number): void {
  pushAscii(sink, `${name}:`);
  if (payload === null || payload.isNull[index] === 1) pushAscii(sink, 'null');
  else if (payload.columns[index]?.type === 'string')
    pushJsonString(sink, payload.source, payload.start[index] as number, payload.end[index] as number);
  else pushAscii(sink, String(payload.number[index]));
}

abstract class ConversationWriter {
  protected readonly text = new FramedText();
  protected readonly sink = this.text.sink;
  protected readonly comment: Shown;
  protected readonly submission: Shown & { readonly title: number };
  protected readonly take: TakeBytes = (source, start, end) => {
    pushJsonString(this.sink, source, start, end);
  };

  constructor({ comments, submissions }: Payloads) {
    this.comment = shownOf(comments, 'body');
    this.submission = { ...shownOf(submissions, 'selftext'), title: submissions.index('title') };
  }

  /** `{"thread":…,"subreddit":…,"title":…`, from the thread's first row. */
  protected pushThread(row: RowAtHand): void {
    const { sink, submission } = this;
    pushAscii(sink, '{"thread":');
    row.takeLink(this.take);
    const shown = row.submission ? submission : this.comment;
    pushMember(sink, ',"subreddit"', row.payload, shown.subreddit);
    pushMember(sink, ',"title"', row.submission ? row.payload : null, submission.title);
  }
}

/**
 * A line a thread: `thread`, `subreddit`, `title`, then the submission's `author`, `created_utc` (s), `score` and `text`, null
 * where it is missing, and `replies`: for each comment `id`, `author`, `created_utc`, `score`, `text`, `replies`. A tombstone's
 * text is null and it has `"tombstone":true`; an orphan has `"parent_missing":true`. Memory: a frame; the thread streams.
 */
export class NestedConversations extends ConversationWriter implements ThreadRowWriter {
  /** Lists of replies that are open: the thread's own and one a level. */
  private open = 0;
  private comma = false;

  write(row: RowAtHand): void {
    const { sink } = this;
    if (row.begins) {
      this.endThread();
      this.beginThread(row);
    }
    if (!row.submission) {
      this.closeTo(row.depth + 1);
      if (this.comma) pushAscii(sink, ',');
      pushAscii(sink, '{"id":');
      row.takeId(this.take);
      this.pushPost(row, this.comment);
    }
    this.text.endRow();
  }

  finish(last: boolean): EncodedStripe {
    if (last) this.endThread();
    return this.text.finish();
  }

  private beginThread(row: RowAtHand): void {
    this.pushThread(row);
    if (row.submission) this.pushPost(row, this.submission);
    else {
      pushAscii(this.sink, ',"author":null,"created_utc":null,"score":null,"text":null,"replies":[');
      this.open = 1;
      this.comma = false;
    }
  }

  private pushPost(row: RowAtHand, shown: Shown): void {
    const { sink } = this;
    pushMember(sink, ',"author"', row.payload, shown.author);
    pushAscii(sink, `,"created_utc":${row.createdMs / 1000}`);
    pushMember(sink, ',"score"', row.payload, shown.score);
    pushMember(sink, ',"text"', row.payload, shown.text);
    if (!row.kept) pushAscii(sink, ',"tombstone":true');
    if (row.parentMissing) pushAscii(sink, ',"parent_missing":true');
    pushAscii(sink, ',"replies":[');
    this.open++;
    this.comma = false;
  }

  /** Closes lists until `open` are. */
  private closeTo(open: number): void {
    for (; this.open > open; this.open--) {
      pushAscii(this.sink, ']}');
      this.comma = true;
    }
  }

  private endThread(): void {
    if (this.open === 0) return;
    this.closeTo(0);
    pushAscii(this.sink, '\n');
    this.text.cut();
  }
}

/** A turn on the way to the row at hand: its JSON from `"author"` on, in the stack's bytes up to `end`. */
interface Turn {
  readonly author: string | null;
  readonly end: number;
}

/**
 * A line a path from the thread's top to a comment without replies: `thread`, `subreddit`, `title`, `parent_missing`, and
 * `messages`: for each turn `role`, `author`, `id`, `created_utc` (s), `score`, `content`. Roles follow the speakers: the first
 * turn is the `user`'s, and where the author changes, so does the role, between `user` and `assistant`. A joined submission is
 * the first turn, its content the title, and the text after an empty line. A tombstone's content is null. Memory: a frame, and
 * the turns of one path.
 */
export class ConversationPaths extends ConversationWriter implements ThreadRowWriter {
  /** The line's beginning, and the submission's turn, of the thread at hand. */
  private readonly beginning = new ByteSink();
  private readonly head = new ByteSink();
  private headAuthor: string | null = null;
  private hasHead = false;
  private headShown = false;
  private readonly stack = new ByteSink();
  private readonly turns: Turn[] = [];
  private rootMissing = false;
  private readonly content = new ByteSink();

  write(row: RowAtHand): void {
    if (row.begins) {
      this.endThread();
      this.beginThread(row);
    }
    if (!row.submission) {
      // the row before was the last of its path, unless this one replies to it
      if (row.depth < this.turns.length) this.endPath();
      this.turns.length = row.depth;
      this.stack.length = this.turns.at(-1)?.end ?? 0;
      if (row.depth === 0) this.rootMissing = row.parentMissing;
      this.pushTurn(this.stack, row, this.comment);
      this.turns.push({ author: authorOf(row, this.comment), end: this.stack.length });
    }
    this.text.endRow();
  }

  finish(last: boolean): EncodedStripe {
    if (last) this.endThread();
    return this.text.finish();
  }

  private beginThread(row: RowAtHand): void {
    const { sink, beginning, head } = this;
    const from = sink.length;
    this.pushThread(row);
    beginning.clear();
    beginning.push(sink.bytes, from, sink.length);
    sink.length = from;
    this.hasHead = row.submission;
    this.headShown = false;
    if (!row.submission) return;
    head.clear();
    this.pushTurn(head, row, this.submission);
    this.headAuthor = authorOf(row, this.submission);
  }

  private pushTurn(target: ByteSink, row: RowAtHand, shown: Shown): void {
    const { payload } = row;
    pushMember(target, '"author"', payload, shown.author);
    pushAscii(target, ',"id":');
    row.takeId((source, start, end) => {
      pushJsonString(target, source, start, end);
    });
    pushAscii(target, `,"created_utc":${row.createdMs / 1000}`);
    pushMember(target, ',"score"', payload, shown.score);
    if (row.submission) this.pushSubmissionText(target, payload);
    else pushMember(target, ',"content"', payload, shown.text);
    pushAscii(target, '}');
  }

  private pushSubmissionText(target: ByteSink, payload: PayloadRow): void {
    const { content, submission } = this;
    content.clear();
    const [title, text] = [submission.title, submission.text];
    content.push(payload.source, payload.start[title], payload.end[title]);
    if (payload.isNull[text] === 0 && payload.end[text] !== payload.start[text]) {
      pushAscii(content, '\n\n');
      content.push(payload.source, payload.start[text], payload.end[text]);
    }
    pushAscii(target, ',"content":');
    pushJsonString(target, content.bytes, 0, content.length);
  }

  private endThread(): void {
    if (this.turns.length > 0) this.endPath();
    this.turns.length = 0;
    if (this.hasHead && !this.headShown) this.endPath();
    this.stack.clear();
    this.hasHead = false;
  }

  private endPath(): void {
    const { sink, beginning, head, stack, turns } = this;
    sink.push(beginning.bytes, 0, beginning.length);
    const missing = turns.length > 0 && this.rootMissing;
    pushAscii(sink, `,"parent_missing":${String(missing)},"messages":[`);
    let assistant = false;
    let speaker: string | null | undefined;
    const speak = (author: string | null): void => {
      if (speaker !== undefined) {
        // nobody knows who wrote a turn without an author: it is another's
        if (author === null || author !== speaker) assistant = !assistant;
        pushAscii(sink, ',');
      }
      speaker = author;
      pushAscii(sink, assistant ? '{"role":"assistant",' : '{"role":"user",');
    };
    if (this.hasHead && !missing) {
      this.headShown = true;
      speak(this.headAuthor);
      sink.push(head.bytes, 0, head.length);
    }
    let start = 0;
    for (const { author, end } of turns) {
      speak(author);
      sink.push(stack.bytes, start, end);
      start = end;
    }
    pushAscii(sink, ']}\n');
    this.text.cut();
  }
}

/** Null where it is not known who wrote it. */
function authorOf({ payload }: RowAtHand, { author }: Shown): string | null {
  if (payload.isNull[author] === 1) return null;
  const bytes = payload.source.subarray(payload.start[author], payload.end[author]);
  const name = Buffer.from(bytes).toString('utf8');
  return name === '[deleted]' || name === '[removed]' ? null : name;
}
