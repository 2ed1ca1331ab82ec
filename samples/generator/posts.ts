import { escapeSlashes } from './json-bytes.ts';
import type { Traits } from './months.ts';
import type { Random } from './random.ts';
import type { TextWriter } from './text.ts';

/** What a submission shows: own text, a link, a picture or a video. `…Json` are whole values, `…Member` begin with a comma. */
export interface Post {
  readonly isSelf: boolean;
  readonly isVideo: boolean;
  readonly urlJson: string;
  readonly domainJson: string;
  readonly thumbnailJson: string;
  readonly thumbnailHeight: string;
  readonly thumbnailWidth: string;
  readonly mediaJson: string;
  readonly previewMember: string;
  readonly hintMember: string;
}

const widths = [108, 216, 320, 640, 960, 1080];
const hexTriples = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(3, '0'));

function hex(random: Random, triples: number): string {
  let text = '';
  for (let n = triples; n > 0; n--) text += hexTriples[random.uint32() >>> 20]!; // 12 bits
  return text;
}

function preview(random: Random, slash: string): string {
  const id = (random.uint32() + 4294967296).toString(36) + hex(random, 2);
  const host = `https:${slash}${slash}preview.redd.it${slash}${id}.jpg?auto=webp`;
  const image = (width: number, query: string): string =>
    `{"height":${Math.floor(width * 0.75)},"url":"${host}${query}&amp;s=${hex(random, 13)}","width":${width}}`;
  const resolutions = widths.map((width) => image(width, `&amp;width=${width}&amp;crop=smart`)).join(',');
  return `,"preview":{"enabled":true,"images":[{"id":"${id}","resolutions":[${resolutions}],"source":${image(1440, '')},"variants":{}}]}`;
}

/** A post of its time: half are own text, a third pictures with previews, some videos, the rest links. */
export function drawPost(random: Random, text: TextWriter, traits: Traits): Post {
  const slash = escapeSlashes('/', traits.escapes);
  const draw = random.uint32();
  const what = draw & 0xff;
  const base: Post = {
    isSelf: false,
    isVideo: false,
    urlJson: `"${text.url()}"`,
    domainJson: '"example.com"',
    thumbnailJson: '"default"',
    thumbnailHeight: 'null',
    thumbnailWidth: 'null',
    mediaJson: 'null',
    previewMember: '',
    hintMember: '',
  };
  const nulled = (traits.month === '2022-08' || traits.month === '2022-09') && draw >>> 24 < 20;
  if (nulled) return { ...base, urlJson: 'null', domainJson: 'null' };
  if (what < 110) return { ...base, isSelf: true, domainJson: '"self.reddit"', thumbnailJson: '"self"' };
  if (what >= 200)
    return what < 215 ? videoPost(base, random, slash) : { ...base, hintMember: ',"post_hint":"link"' };
  return {
    ...base,
    urlJson: `"https:${slash}${slash}i.redd.it${slash}${(draw * 7919).toString(36)}.jpg"`,
    domainJson: '"i.redd.it"',
    thumbnailJson: `"https:${slash}${slash}b.thumbs.redditmedia.com${slash}${hex(random, 14)}.jpg"`,
    thumbnailHeight: '105',
    thumbnailWidth: '140',
    previewMember: preview(random, slash),
    hintMember: ',"post_hint":"image"',
  };
}

function videoPost(base: Post, random: Random, slash: string): Post {
  const url = `https:${slash}${slash}v.redd.it${slash}${hex(random, 4)}`;
  return {
    ...base,
    isVideo: true,
    urlJson: `"${url}"`,
    domainJson: '"v.redd.it"',
    mediaJson:
      `{"reddit_video":{"bitrate_kbps":2400,"dash_url":"${url}${slash}DASHPlaylist.mpd","duration":${5 + random.below(60)},` +
      `"fallback_url":"${url}${slash}DASH_720.mp4?source=fallback","height":720,"is_gif":false,"width":404}}`,
    previewMember: preview(random, slash),
    hintMember: ',"post_hint":"hosted:video"',
  };
}
