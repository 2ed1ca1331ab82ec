import assert from 'node:assert/strict';
import { parseInstant } from '../../src/core/instants.ts';

describe('parseInstant()', () => {
  it('takes dates, dates with a time and a zone, and seconds', () => {
    const april = 1_554_076_800;
    for (const text of [
      '2019-04-01', '2019-04', '2019-04-01T00:00Z', '2019-04-01 00:00:00', '2019-04-01t00:00:00z',
      '2019-04-01T05:30+05:30', '2019-03-31T17:00:00-0700', '1554076800', ' 1554076800 ',
    ]) assert.equal(parseInstant(text), april, text); // prettier-ignore
    assert.equal(parseInstant('2019'), 1_546_300_800, 'four digits are a year');
    assert.equal(parseInstant('2020-02-29'), 1_582_934_400);
    assert.equal(parseInstant('0'), 0);
    assert.equal(parseInstant('-1'), -1);
  });

  it('refuses what is no point of time', () => {
    for (const text of [
      '', 'soon', '2019-02-29', '2019-13', '2019-00-01', '2019-04-31', '2019-04-01T24:00', '2019-04-01T12:60', '2019-4-1',
      '01.04.2019', '1554076800000', '1554076800.5', '1e9', '999999999999',
    ]) assert.equal(parseInstant(text), null, text); // prettier-ignore
  });
});
