/** The page of mistakes has exactly the words that each brings to the screen, a repair, and a way from the words to it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anchorOf } from '../docs/.vitepress/pages.mjs';
import { MISTAKE_WORDS, type MistakeWords, mistakeSections } from '../e2e/fixtures/mistake-words.js';
import { readMarkdown } from '../scripts/documents/markdown.mjs';

const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');
const ERRORS = readFileSync('docs/errors.md', 'utf8');

const faultsOf = (page: string): string[] => {
  const sections = mistakeSections(page);
  const headings = MISTAKE_WORDS.map(({ heading }) => heading);
  const unknown = [...sections.keys()].filter((heading) => !headings.includes(heading));
  return [
    ...unknown.map((heading) => `${heading}: no test makes this mistake`),
    ...MISTAKE_WORDS.flatMap(({ heading, words }) => {
      const section = sections.get(heading) ?? '';
      const texts = readMarkdown(section).blocks.map(({ text }) => text);
      return [
        ...(texts.length === 1 && texts[0] === words.join('\n') ? [] : [`${heading}: other words`]),
        ...(/\*\*Repair:\*\* \S.{20,}/.test(section) ? [] : [`${heading}: no repair`]),
      ];
    }),
  ];
};

/** A message of the tracker: its code, and its words. */
const CODED = /^(?:configuration|delivery|storage|refused|unsupported): (.*)$/;

/** The section about an error: its heading has the error's words, with `…` for what differs from case to case. */
const errorOf = (said: string): string | undefined => {
  const [, words] = CODED.exec(said) ?? [];
  if (words === undefined) return undefined;
  return ERRORS.split('\n### ')
    .slice(1)
    .find((section) => {
      const parts = (section.split('\n', 1)[0] ?? '')
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${parts.join('.+')}$`).test(words);
    });
};

describe('the page of mistakes', () => {
  it('has the words of each mistake, all of them and no others, with a repair', () => {
    expect(faultsOf(PAGE)).toEqual([]);
  });

  it.each([
    [
      'an extra line of words',
      'answered 404; events wait.\n',
      'answered 404; events wait.\nSee the console.\n',
    ],
    ['other words', '**Repair:** Set `endpoint`', '```text\nOther words.\n```\n\n**Repair:** Set `endpoint`'],
    ['a message that is cut', 'answered 404; events wait.\n', 'answered 404;\n'],
    ['no repair', '**Repair:** Set `endpoint`', 'Set `endpoint`'],
    ['a mistake that nobody makes', '### No proxy runs\n', '### A mistake\n\nText.\n\n### No proxy runs\n'],
  ])('is reported if it has %s', (_, right, wrong) => {
    expect(PAGE).toContain(right);
    expect(faultsOf(PAGE.replace(right, wrong))).toHaveLength(1);
  });
});

describe('the page of errors', () => {
  const shown = MISTAKE_WORDS.flatMap(({ heading, words }: MistakeWords) =>
    words.map((said) => [said, heading, errorOf(said)] as const),
  ).filter(([said]) => CODED.test(said));

  it('is about some of the mistakes', () => {
    expect(shown.length).toBeGreaterThan(4);
  });

  it.each(shown)('leads from “%s” to the repair under “%s”', (_, heading, section) => {
    expect(section).toContain(`(troubleshooting.md#${anchorOf(heading)})`);
  });
});
