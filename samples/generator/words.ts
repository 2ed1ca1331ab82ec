import { createRandom } from './random.ts';

/** The commonest words first; what follows in the vocabulary is made of syllables. */
const common = `the to and a of i it is you that in for this my on be have with not was are but it's if just like so they your or as
at can don't what me do one about people there would from all i'm get when more how no an out up who think know time will because
good some really that's we them want their then than only make has even also he go see now been other could any much going into
way which had still by she her his why too here right off should say over need back use first after can't things being most work
lot very where actually he's got you're him day well something sure game take never thing same look better someone years those
best did feel every little new while many before two doesn't i've great probably pretty though through down around these always
didn't find years love always try made life money made anything point since bad without play person used getting hard another
keep long let year maybe different part both yes guy end nothing mean might may old each man again help literally us place put
start least world thank thanks understand looking won't isn't reason bit real fuck shit https www agree yeah lol edit post
comment sub reddit thread question answer said says read sounds food taco brisket restaurant kitchen menu sauce pizza chicken burger
coffee beer order cheap price location downtown south north east austin texas bbq breakfast dinner lunch patio server tip wait line`;

/** Words and marks beyond ASCII, and pieces that JSON must escape, with the rank each takes in the vocabulary. */
const special: readonly (readonly [rank: number, text: string])[] = [
  [60, 'don’t'],
  [75, 'it’s'],
  [110, 'I’m'],
  [140, '“great”'],
  [170, '"fine"'],
  [210, '😂'],
  [240, '&amp;'],
  [260, '—'],
  [300, '*really*'],
  [330, 'café'],
  [360, '👍'],
  [420, '&gt;'],
  [450, '**not**'],
  [480, '/s'],
  [520, 'and/or'],
  [560, '🤣'],
  [600, '😭'],
  [640, 'jalapeño'],
  [700, '…'],
  [760, '¯\\\\_(ツ)_/¯'],
  [820, 'r/AskReddit'],
  [880, '❤️'],
  [940, 'naïve'],
  [1000, '€20'],
  [1100, '£5'],
  [1200, 'über'],
  [1400, '🔥🔥'],
  [1600, '日本'],
  [1800, 'привет'],
  [2000, '한국'],
  [2200, '👨‍👩‍👧'],
  [2400, '½'],
  [2600, 'C:\\temp'],
  [2800, 'tab\there'],
  [3000, 'العربية'],
  [3200, '𝓈𝓉𝓎𝓁𝑒'],
  [3600, '\u200b'],
  [4000, '🇺🇸'],
];

const onsets = [
  'b',
  'br',
  'c',
  'ch',
  'cl',
  'd',
  'dr',
  'f',
  'fl',
  'g',
  'gr',
  'h',
  'j',
  'k',
  'l',
  'm',
  'n',
  'p',
  'pl',
  'pr',
  'qu',
  'r',
  's',
  'sh',
  'sp',
  'st',
  'str',
  't',
  'th',
  'tr',
  'v',
  'w',
  '',
];
const cores = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'ee', 'ou', 'oo', 'io', 'a', 'e', 'i', 'o'];
const codas = ['', '', '', 'n', 'r', 's', 't', 'l', 'm', 'ck', 'nd', 'st', 'ng', 'ss', 'nt'];
const endings = ['', '', '', '', 's', 'ed', 'ing', 'er', 'ly', 'tion', 'able', 'ment', 'ness', 'y'];

/** A vocabulary of that many different words, the likeliest first; always the same. */
export function vocabulary(size: number): readonly string[] {
  const random = createRandom(20050623);
  const one = (list: readonly string[]): string => list[random.below(list.length)] ?? '';
  const words = new Set(common.split(/\s+/));
  while (words.size < size - special.length) {
    let word = '';
    const syllables = 1 + (random.chance(0.5) ? 1 : 0);
    for (let i = 0; i < syllables; i++) word += one(onsets) + one(cores) + one(codas);
    if (random.chance(0.4)) word += one(endings);
    if (word.length > 2) words.add(word);
  }
  const list = [...words];
  for (const [rank, text] of special) if (rank < list.length) list.splice(rank, 0, text);
  return list.slice(0, size);
}
