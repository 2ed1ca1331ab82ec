import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { ownManPage } from '../../tools/man-page.ts';
import { root } from '../repository.ts';

describe('man/threadmill.1', () => {
  it('is what the command line says of itself; npm run man writes it anew', () => {
    assert.equal(readFileSync(path.join(root, 'man/threadmill.1'), 'utf8'), ownManPage());
  });

  it('has every command, its example and its flags', () => {
    const page = ownManPage().replace(/\\-/g, '-');
    for (const { name, example, flags = [] } of commands) {
      assert.match(page, new RegExp(`^\\.SS threadmill ${name}\\b`, 'm'));
      assert.ok(page.includes(`$ threadmill ${example}`), name);
      for (const flag of flags) assert.ok(page.includes(/--[\w-]+/.exec(flag.flags)?.[0] ?? '?'), flag.flags);
    }
  });

  it('begins no line with a dot or an apostrophe that is text', () => {
    const macros = new Set(['TH', 'SH', 'SS', 'PP', 'TP', 'B', 'I', 'nf', 'fi', 'RS', 'RE', '\\"']);
    for (const line of ownManPage().split('\n'))
      if (/^[.']/.test(line)) assert.ok(macros.has(/^\.(\S+)/.exec(line)?.[1] ?? ''), line);
  });
});
