import { escapeSlashes, type Escapes } from './json-bytes.ts';
import type { Traits } from './months.ts';
import type { Random } from './random.ts';

/** A score: mostly 1 to 5, a heavy tail up to tens of thousands, some 4 % at or below 0 and 0.7 % below −5. */
export function drawScore(random: Random): number {
  const draw = random.uint32();
  if (draw < 0x70000000) return 1;
  if (draw < 0xa0000000) return 2;
  if (draw < 0xc0000000) return 3;
  const luck = 1 - random.float();
  if (draw < 0xcc000000) return 1 - Math.floor(Math.min(4000, luck ** -0.75));
  return Math.min(90_000, Math.floor(3.5 * luck ** -0.8));
}

/** `edited` of a record: false, rarely true, or the time of the edit as an integer or a float. */
export function drawEdited(random: Random, traits: Traits, createdSeconds: number): string {
  const draw = random.uint32();
  if (draw > 0x08000000) return 'false';
  if (draw < 0x00010000 || traits.editedAsBoolean) return 'true';
  return `${createdSeconds + 30 + (draw & 0x3fff)}${traits.editedAsFloat ? '.0' : ''}`;
}

/** `created_utc` as that month wrote it. */
export function writeCreated(random: Random, traits: Traits, seconds: number): string {
  if (traits.createdAsString > 0 && (traits.createdAsString === 1 || random.float() < traits.createdAsString))
    return `"${seconds}"`;
  if (traits.createdAsFloat > 0 && random.float() < traits.createdAsFloat) return `${seconds}.0`;
  return String(seconds);
}

/** When a record was retrieved: hours to a month later, and never before the first dumps were made. */
export function drawRetrieved(random: Random, traits: Traits, createdSeconds: number): number {
  if (traits.retrievedFloorSeconds > createdSeconds) {
    return (
      traits.retrievedFloorSeconds + Math.floor((createdSeconds % 2_678_400) / 60) + (random.uint32() & 3)
    );
  }
  return createdSeconds + 900_000 + (random.uint32() & 0x3ff);
}

/** Gold and other awards: three fields that go together. */
export interface Awards {
  readonly gilded: string;
  readonly gildings: string;
  readonly awardings: string;
  readonly count: string;
}

const none: Awards = { gilded: '0', gildings: '{}', awardings: '[]', count: '0' };

const someAwards = (escapes: Escapes): readonly Awards[] =>
  [
    { id: 'gid_1', name: 'Silver', price: 100 },
    { id: 'gid_2', name: 'Gold', price: 500 },
    { id: 'award_5f123e3d-4f48-42f4-9c11-e98b566d5897', name: 'Wholesome', price: 125 },
  ].map(({ id, name, price }) => ({
    gilded: id === 'gid_2' ? '1' : '0',
    gildings: id.startsWith('gid') ? `{"${id}":1}` : '{}',
    awardings: escapeSlashes(
      `[{"award_sub_type":"GLOBAL","award_type":"global","awardings_required_to_grant_benefits":null,"coin_price":${price},` +
        `"coin_reward":0,"count":1,"days_of_drip_extension":null,"days_of_premium":null,"description":"Shows the ${name} Award.",` +
        `"end_date":null,"giver_coin_reward":null,"icon_format":null,"icon_height":512,"icon_url":"https://www.redditstatic.com` +
        `/gold/awards/icon/${name.toLowerCase()}_512.png","icon_width":512,"id":"${id}","is_enabled":true,"is_new":false,` +
        `"name":"${name}","penny_donate":null,"resized_icons":[],"resized_static_icons":[],"start_date":null,` +
        `"subreddit_coin_reward":0,"subreddit_id":null,"tiers_by_required_awardings":null}]`,
      escapes,
    ),
    count: '1',
  }));

const awardsByEscapes = { ascii: someAwards('ascii'), slash: someAwards('slash'), utf8: someAwards('utf8') };

/** The awards of one record in 200; those of the others are empty. */
export function drawAwards(random: Random, { escapes }: Traits): Awards {
  const draw = random.uint32();
  return draw < 0x01400000 ? (awardsByEscapes[escapes][draw % 3] ?? none) : none;
}
