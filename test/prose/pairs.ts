/** Sentences that stood in this repository, and what to write instead. The rules have to know most of the first and none of the second. */
import type { Kind } from '../../scripts/prose/passage.js';

/** One sentence, as it was and as it should be. */
export interface Pair {
  readonly kind: Extract<Kind, 'document' | 'docstring' | 'comment' | 'hint' | 'title'>;
  readonly before: string;
  readonly after: string;
}

/** The pairs. */
export const PAIRS: readonly Pair[] = [
  {
    kind: 'document',
    before: 'What marks an element needs no tracker: the page’s own finds it.',
    after:
      'Components that only mark an element do not need a tracker; the one running on the page picks them up.',
  },
  { kind: 'document', before: 'It is told as `consent`.', after: 'It is reported with reason `consent`.' },
  {
    kind: 'comment',
    before: 'Pages without types call it, too.',
    after: 'Untyped callers may pass nothing.',
  },
  {
    kind: 'document',
    before: 'Not of every day: `npm run mutants`.',
    after: 'Occasionally: `npm run mutants`.',
  },
  { kind: 'hint', before: 'The outbox is bereft of its database.', after: 'The outbox lost its database.' },
  {
    kind: 'hint',
    before: 'Check its options.',
    after: 'offersight: `viewability.ratio` is 50; it must be between 0 and 1.',
  },
  {
    kind: 'hint',
    before: 'Check the endpoint; events wait.',
    after:
      'offersight: POST /offer-events answered 404. Events are kept. Mount the proxy at this path or change `endpoint`.',
  },
  { kind: 'hint', before: 'The bearer token is not the one.', after: 'The bearer token is wrong.' },
  {
    kind: 'comment',
    before: 'Told again, since a value that the first load exports costs it bytes.',
    after: 'Repeated here and checked by its type: importing the value would grow the first load.',
  },
  {
    kind: 'comment',
    before: 'A form’s field of that name must not stand for the method.',
    after: 'A form control named `matches` would shadow the method.',
  },
  {
    kind: 'title',
    before: 'in onEvent',
    after: 'a listener that throws in onEvent does not stop the others',
  },
];

/** The text of a file in which a sentence stands as its kind does. */
export const fileOf = (
  { kind }: Pick<Pair, 'kind'>,
  sentence: string,
): readonly [name: string, text: string] => {
  if (kind === 'document') return ['page.md', `# Page\n\n${sentence}\n`];
  if (kind === 'docstring') return ['src/room.ts', `/** ${sentence} */\nexport const room = 1;\n`];
  if (kind === 'comment') return ['src/room.ts', `// ${sentence}\nexport const room = 1;\n`];
  if (kind === 'title') return ['test/room.test.ts', `it(${JSON.stringify(sentence)}, () => {});\n`];
  return ['src/room.ts', `throw new OffersightError('code', ${JSON.stringify(sentence)});\n`];
};
