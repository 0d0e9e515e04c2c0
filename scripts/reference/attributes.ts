/** The attributes, from the code that reads them. The option of the same meaning explains each. */
import { readFileSync } from 'node:fs';
import { offerAttributes } from '../../src/client/attributes.js';
import type { Option } from './declared.js';
import { readMarks } from './marks.js';

/** One attribute. */
export interface Attribute {
  readonly on: 'tag' | 'offer' | 'control';
  readonly name: string;
  readonly says: string;
  readonly fallback: string;
  readonly range: string;
  readonly example: string;
}

interface Known {
  readonly of: string;
  readonly option: Option;
}

/** How a value in an example's code is written in an attribute. */
const attributeText = (example: string): string => {
  const list = /^\[(.*)\]$/.exec(example)?.[1];
  if (list !== undefined) return list.replaceAll("'", '').replaceAll(', ', ',');
  return example.replace(/^'(.*)'$/, '$1').replaceAll(/(?<=\d)_(?=\d)/g, '');
};

const pick = (known: readonly Known[], of: string, name: string): Option => {
  const found = known.find((each) => each.of === of && each.option.name === name);
  if (!found) throw new Error(`${name} of ${of} has no comment.`);
  return found.option;
};

/** Comments of options name values as code does. Pages name them without quotation marks. */
const inHtml = (text = ''): string => text.replaceAll(/`'([^']*)'`/g, '`$1`').replace(/^'([^']*)'$/, '`$1`');

/** `data-…` on the tag, and the option that it sets. */
const tagAttributes = (): readonly (readonly [name: string, option: string])[] => {
  const [, table = ''] =
    /const ATTRIBUTES[^{]*\{\n([\s\S]*?)\n\};/.exec(readFileSync('src/script.ts', 'utf8')) ?? [];
  const rows = [...table.matchAll(/^ {2}'?([a-z-]+)'?: \[(.*)\],$/gm)];
  if (rows.length !== table.split('\n').length) throw new Error('The table in src/script.ts is not read.');
  return rows.map(([, name = '', cells = '']) => [name, /, '([\w.]+)'$/.exec(cells)?.[1] ?? name]);
};

/** Every setting with an attribute, as `offerAttributes` writes it. */
const offerAttributeNames = (): readonly (readonly [name: string, setting: string])[] => {
  const settings = {
    id: 'a52ge40b',
    ratio: 0.7,
    dwellMs: 2_000,
    repeat: 'browser',
    ignore: 'leave',
    expiresAt: 1_893_456_000_000,
    token: 'token',
    group: 'autumn-sale',
  } as const;
  return Object.keys(settings).map((name) => {
    const written = Object.keys(offerAttributes({ ...settings, [name]: undefined }));
    const all = Object.keys(offerAttributes(settings));
    const own = name === 'id' ? 'data-offer-id' : all.find((each) => !written.includes(each));
    if (own === undefined) throw new Error(`offerAttributes writes no attribute for ${name}.`);
    return [own, name];
  });
};

/** Every attribute. */
export const readAttributes = (known: readonly Known[]): readonly Attribute[] => [
  ...tagAttributes().map(([name, option]): Attribute => {
    const { says, fallback, range, example = '', type } = pick(known, 'TrackerOptions', option);
    const value = attributeText(example);
    const text = type.startsWith('boolean') && value === 'true' ? `data-${name}` : `data-${name}="${value}"`;
    const endpoint = name === 'endpoint' ? '' : ' data-endpoint="/offer-events"';
    return {
      ...{ on: 'tag', name: `data-${name}`, says: `${says} It is the option \`${option}\`.` },
      ...{ fallback: inHtml(fallback), range: inHtml(range) },
      example: `<script async src="/offersight.js"${endpoint} ${text}></script>`,
    };
  }),
  ...offerAttributeNames().map(([name, setting]): Attribute => {
    const { says, fallback, range, example = '' } = pick(known, 'ObservedOffer', setting);
    const value = setting === 'expiresAt' ? '2030-01-01T00:00:00Z' : attributeText(example);
    const id = name === 'data-offer-id' ? '' : ' data-offer-id="a52ge40b"';
    return {
      ...{ on: 'offer', name, says },
      fallback: setting === 'id' ? 'the element is not an offer' : inHtml(fallback),
      range: setting === 'expiresAt' ? 'epoch seconds, epoch milliseconds, or an ISO date' : inHtml(range),
      example: `<section${id} ${name}="${value}">…</section>`,
    };
  }),
  ...readMarks().map((mark): Attribute => ({ on: 'control', ...mark })),
];
