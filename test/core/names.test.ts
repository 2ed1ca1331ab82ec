import assert from 'node:assert/strict';
import { authorName, foldName, nameList, subredditName, threadId } from '../../src/core/names.ts';

describe('names of a selection', () => {
  it('subreddits and authors lose their prefix and the case of ASCII letters', () => {
    for (const text of ['AskHistorians', 'r/askhistorians', '/r/AskHistorians/', ' R/askHISTORIANS '])
      assert.equal(subredditName(text), 'askhistorians', text);
    for (const text of ['Spez', 'u/spez', '/user/SPEZ', '/u/spez/']) assert.equal(authorName(text), 'spez');
    // names that exist: profiles, the first subreddit, times
    for (const text of ['u_spez', 'reddit.com', 't:1337']) assert.equal(subredditName(text), text);
    assert.equal(authorName('[deleted]'), '[deleted]');
    assert.equal(foldName('ÄÉK'), 'ÄÉk', 'only ASCII: the Kelvin sign is no k');
  });

  it('what can be no name is none', () => {
    for (const text of ['', ' ', 'r/', 'two words', 'a,b', '"quoted"', 'tab\tbed', 'a;b']) {
      assert.equal(subredditName(text), null, text);
    }
  });

  it('threads are ids of submissions, by themselves, with their prefix or in a link', () => {
    for (const text of [
      '15rd7w', 't3_15rd7w', 'T3_15RD7W', 'https://www.reddit.com/r/austin/comments/15rd7w/a_title/c7n0004/',
    ]) assert.equal(threadId(text), '15rd7w', text); // prettier-ignore
    for (const text of ['', 't1_abc', 't3_', 'https://www.reddit.com/r/austin', 'a b']) {
      assert.equal(threadId(text), null, text);
    }
  });

  it('lists are in order, each name once', () => {
    assert.deepEqual(nameList(['b', 'a', 'b']), ['a', 'b']);
  });
});
