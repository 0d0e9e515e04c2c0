/** Code in the documents can be copied: scripts use the package as its types say, and commands have only our flags. */
import { expect, it } from 'vitest';
import { COMMANDS, written } from '../src/proxy/cli/flags.js';
import { readBlocks } from './support/blocks/block.js';
import { faultsOfTypes } from './support/blocks/types.js';

it('scripts in the documents have the right types', { timeout: 240_000 }, () => {
  const wrong = {
    file: 'wrong.md',
    language: 'js',
    name: '',
    line: 1,
    text: 'createOfferTracker({ repeat: 1 });',
  };
  // Examples of the reference are compiled where they are made.
  const blocks = readBlocks().filter(({ file }) => !file.startsWith('docs/reference/'));
  expect(faultsOfTypes([...blocks, wrong])).toEqual([expect.stringContaining('wrong.md:1: ')]);
});

it('commands in the documents have only commands and flags that the program has', () => {
  const calls = readBlocks().flatMap(({ file, line, text }) =>
    [...text.replaceAll(/\\\n\s*/g, '').matchAll(/\bnpx offersight ([a-z][a-z-]*)([^\n#|;&>]*)/g)].map(
      ([, command = '', rest = '']) => ({ place: `${file}:${line}`, command, rest }),
    ),
  );
  expect(calls.length).toBeGreaterThan(50);
  const faults = calls.flatMap(({ place, command, rest }) => {
    const known = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
    if (!known) return [`${place}: ${command}`];
    const flags = new Set(['--help', ...Object.keys(known.flags).map((flag) => written(flag))]);
    return [...rest.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].flatMap(([flag]) =>
      flags.has(flag) ? [] : [`${place}: ${command} ${flag}`],
    );
  });
  expect(faults).toEqual([]);
});
