/** How rules write findings, and what they show as evidence. */
import type { Finding, Severity } from '../finding.js';
import { problemOf } from '../http/endpoint.js';
import type { Answer, Asked } from '../observed.js';
import { CHALLENGE_HEADERS } from './endpoint-signs.js';

/** So much of a body is shown: enough for the number that a firewall's page shows. */
const LONGEST_START = 300;

/** So many elements or lines stand as evidence of one finding. */
const MOST = 5;

/** A finding in words. */
export interface Said {
  readonly title: string;
  /** What shows it, a line each; what is undefined is left out. */
  readonly evidence: readonly (string | undefined)[];
  readonly repair: string;
}

/** Makes a finding. */
export const finding = (severity: Severity, id: string, { title, evidence, repair }: Said): Finding => {
  const shown = [...new Set(evidence.filter((line) => line !== undefined))];
  const left = shown.length - MOST;
  return {
    ...{ id, severity, title, repair },
    evidence: left > 0 ? [...shown.slice(0, MOST), `and ${left} more`] : shown,
  };
};

/** Headers that show who answered, and whether from a store. */
const TELLING = [
  'content-type',
  'server',
  'via',
  'age',
  'x-cache',
  'cf-cache-status',
  ...CHALLENGE_HEADERS,
  'location',
];

/** The headers of an answer that are worth showing. */
export const headersOf = (
  { headers }: Pick<Answer, 'headers'>,
  names: readonly string[] = TELLING,
): string | undefined => {
  const shown = names.flatMap((name) => (headers[name] === undefined ? [] : [`${name}: ${headers[name]}`]));
  return shown.length ? shown.join(', ') : undefined;
};

/** An answer, or why there is none, as a line. */
export const showAsked = (asked: Asked, method = 'GET'): string =>
  asked.kind === 'failed'
    ? `${method} ${asked.url}: ${asked.reason}`
    : `${method} ${asked.url} answered ${asked.status}`;

/** A policy of the page. */
export const showPolicy = (policy: string): string => `content-security-policy: ${policy}`;

/** Everything in a page that people do not read. */
const MARKUP = /<(script|style)(?=[\s>]).*?(?:<\/\1\s*>|$)|<!--.*?(?:-->|$)|<[^>]*(?:>|$)/gis;
/** So much of a page is enough for what it says first. */
const LONGEST_MARKUP = 20_000;

const lineOf = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_START);

/** The beginning of a body in one line; of a page, what people would read. */
export const startOf = ({ text }: Pick<Answer, 'text'>): string | undefined => {
  const words = text.trimStart().startsWith('<')
    ? lineOf(text.slice(0, LONGEST_MARKUP).replaceAll(MARKUP, ' '))
    : '';
  if (words) return `it says: ${words}`;
  const line = lineOf(text);
  return line ? `it begins: ${line}` : undefined;
};

/** Everything about an answer of the endpoint. */
export const showEndpoint = (asked: Asked): (string | undefined)[] =>
  asked.kind === 'failed'
    ? [showAsked(asked, 'POST')]
    : [
        showAsked(asked, 'POST'),
        headersOf(asked),
        problemOf(asked) === undefined ? startOf(asked) : `code: ${problemOf(asked)}`,
      ];

/** A number of things in words. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
