/** The keys, hash fields and event fields that scripts in Lua and their arguments name. */
import ts from 'typescript';
import { nodesOf, parse } from './sources.js';

/** A key that a command or a helper is given, and the hash field, if it is a word. */
export interface KeyUse {
  readonly key: string;
  readonly field?: string | undefined;
}

/** The scripts in a source, without their comments. */
const scriptsOf = (text: string): string =>
  nodesOf(parse(text))
    .filter((node) => ts.isTemplateLiteral(node) || ts.isStringLiteral(node))
    .map((node) => node.getText().slice(1, -1))
    .join('\n')
    .replaceAll(/--[^\n]*/g, '');

/** The arguments of a call, from its opening parenthesis on. */
const argumentsAt = (lua: string, start: number): string[] => {
  const given = [''];
  let depth = 0;
  for (const letter of lua.slice(start)) {
    if ('({['.includes(letter)) depth++;
    if (')}]'.includes(letter) && --depth < 0) break;
    if (letter === ',' && depth === 0) given.push('');
    else given.push(`${given.pop() ?? ''}${letter}`);
  }
  return given.map((one) => one.trim());
};

const wordOf = (expression: string | undefined): string | undefined =>
  /^'([^']*)'$/.exec(expression ?? '')?.[1];

/** Helpers of the scripts, which add the lane to the key that they get. */
const HELPERS = ['get', 'put', 'unset', 'add', 'drop', 'between', 'texts'];
/** Commands that name no key. */
const WITHOUT_KEY = new Set(['TIME', 'SCAN']);
/** Commands whose arguments after the key are fields of a hash: each is a field, each second one or only the first. */
const FIELDS: Readonly<Record<string, number>> = {
  ...{ HGET: 9, HSET: 2, HDEL: 1, HMGET: 1, HINCRBY: 9, HSETNX: 9 },
};
const HASH_HELPERS = new Set(['get', 'put', 'unset']);

/** A key as the page has it: `own .. 'lane'` is `lane`, and `own .. 'ledger:' .. day` is `ledger:`. */
const keyOf = (expression: string): string => {
  if (expression === 'intake') return '{offersight}.intake';
  const [, own] = /^own \.\. '([^']*)'/.exec(expression) ?? [];
  return own ?? wordOf(/^('[^']*')/.exec(expression)?.[1]) ?? `(${expression})`;
};

/** Every use of a key in the scripts of a source. */
export const keyUsesOf = (text: string): KeyUse[] => {
  const lua = scriptsOf(text);
  const calls = [...lua.matchAll(/(?<![\w.])(call|pcall|redis\.p?call)\(/g)].flatMap((found): KeyUse[] => {
    const [command = '', key = '', ...rest] = argumentsAt(lua, found.index + found[0].length);
    const name = wordOf(command) ?? '';
    if (WITHOUT_KEY.has(name)) return [];
    const step = FIELDS[name];
    const fields = step === undefined ? [] : rest.filter((_, at) => at % step === 0);
    return [{ key: keyOf(key) }, ...fields.map((field) => ({ key: keyOf(key), field: wordOf(field) }))];
  });
  const helped = [...lua.matchAll(new RegExp(`(?<![\\w.:])(${HELPERS.join('|')})\\(`, 'g'))]
    .filter(({ index }) => !lua.slice(0, index).endsWith('function '))
    .flatMap((found): KeyUse[] => {
      const [key = '', field] = argumentsAt(lua, found.index + found[0].length);
      return [{ key: keyOf(key), field: HASH_HELPERS.has(found[1] ?? '') ? wordOf(field) : undefined }];
    });
  return [...calls, ...helped];
};

/** The fields of an event that scripts read or write. */
export const eventFieldsOf = (text: string): string[] => {
  const lua = scriptsOf(text);
  const dotted = [...lua.matchAll(/(?<![\w.])(?:e|usage)(?:\.(\w+)|\['(\w+)'\])/g)].map(
    ([, dot, bracket]) => dot ?? bracket ?? '',
  );
  const made = [...lua.matchAll(/(?:local|,) e = \{([\s\S]*?)\}\n/g)].flatMap(([, body = '']) =>
    [...body.matchAll(/(?:^|,)\s*(\w+) =/g)].map(([, name = '']) => name),
  );
  return [...new Set([...dotted, ...made])].sort();
};
