/** The page on privacy lists every field of requests and answers, and everything that Chargebee gets. */
import { describe, expect, it } from 'vitest';
import { CHARGEBEE, place, WIRE } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import { callsOf, keysBelow, membersOf, read, sourcesOf, withMore } from './sources.js';

const page = await readPrivacyPage();
const unlisted = (section: string, kind: string, names: readonly string[]): string[] =>
  page.unlisted(names.map((name) => place(section, kind, name)));

describe('between a page and the proxy', () => {
  const batch = read('src/protocol/batch.ts');
  const requests = (declared: string): string[] => [
    ...unlisted(WIRE, 'request field', membersOf(declared, 'WireRequest')),
    ...unlisted(WIRE, 'event field', membersOf(declared, 'WireEvent')),
  ];
  const replies = (declared: string): string[] =>
    unlisted(WIRE, 'reply field', [
      ...membersOf(declared, 'WireReply'),
      ...membersOf(declared, 'WireResult'),
    ]);

  it('every field of a request has a row in its own table', () => {
    expect(membersOf(batch, 'WireEvent').length).toBeGreaterThan(8);
    expect(requests(batch)).toEqual([]);
    const withField = (name: string) =>
      withMore(batch, 'export interface WireEvent {', ` readonly ${name}: string;`);
    expect(requests(withField('visitor'))).toEqual([`${WIRE}: event field visitor`]);
    // The table of replies has this name.
    expect(requests(withField('status'))).toEqual([`${WIRE}: event field status`]);
  });

  it('every field of a reply has a row in its own table', () => {
    expect(replies(batch)).toEqual([]);
    const withField = (name: string) =>
      withMore(batch, 'export interface WireResult {', ` readonly ${name}: string;`);
    expect(replies(withField('visitor'))).toEqual([`${WIRE}: reply field visitor`]);
    expect(replies(withField('subject'))).toEqual([`${WIRE}: reply field subject`]);
  });

  it('every field of a problem is listed', () => {
    const problems = (text: string): string[] =>
      unlisted(WIRE, 'problem field', callsOf(text, /^JSON\.stringify$/).flatMap(keysBelow));
    const problem = read('src/proxy/door/problem.ts');
    expect(callsOf(problem, /^JSON\.stringify$/)).toHaveLength(1);
    expect(problems(problem)).toEqual([]);
    expect(problems(withMore(problem, 'JSON.stringify({', ' address: code,'))).toEqual([
      `${WIRE}: problem field address`,
    ]);
  });

  it('every body that the tracker, the inspector or the endpoint writes is one of these', () => {
    const bodies = sourcesOf('src/client', 'src/inspector', 'src/proxy/handler.ts').flatMap(
      ({ file, text }) =>
        callsOf(text, /^(?:JSON\.stringify|Response\.json)$/).map((call) => {
          const [body] = call.arguments ?? [];
          return `${file}: ${body ? keysBelow(body).join(' ') : ''}`;
        }),
    );
    expect([...new Set(bodies)].sort()).toEqual([
      'src/inspector/asking.ts: v sent_at events',
      'src/inspector/link.ts: v inspect path',
      'src/proxy/handler.ts: v inspect',
      'src/proxy/handler.ts: v results',
    ]);
    expect(unlisted(WIRE, 'inspection field', ['v', 'inspect', 'path'])).toEqual([]);
  });
});

describe('between the proxy and Chargebee', () => {
  it('every field of an event is listed, and one more is missed', () => {
    const fieldsOf = (text: string): string[] =>
      callsOf(text, /^post$/).flatMap((call) =>
        [...(/body: \{([^}]*)\}/.exec(call.getText())?.[1] ?? '').matchAll(/(\w+)(?=:|$|,|\s*$)/g)].map(
          ([name]) => name,
        ),
      );
    const events = read('src/proxy/forward/offer-events.ts');
    const seeded = withMore(events, 'body: { personalized_offer_id: offerId, type', ', subject: user');
    expect(fieldsOf(events)).toContain('personalized_offer_id');
    expect(
      unlisted(
        CHARGEBEE,
        'field',
        fieldsOf(events).filter((name) => name !== 'offerId'),
      ),
    ).toEqual([]);
    expect(unlisted(CHARGEBEE, 'field', fieldsOf(seeded))).toContain(`${CHARGEBEE}: field subject`);
  });

  it('every field of a usage event is listed, and one more is missed', () => {
    const fieldsOf = (text: string): string[] => membersOf(text, 'UsageEvent');
    const usage = read('src/proxy/forward/usage-events.ts');
    expect(fieldsOf(usage).length).toBeGreaterThan(2);
    expect(unlisted(CHARGEBEE, 'usage field', fieldsOf(usage))).toEqual([]);
    const seeded = withMore(usage, 'interface UsageEvent {', ' readonly personalized_offer_id: string;');
    expect(unlisted(CHARGEBEE, 'usage field', fieldsOf(seeded))).toEqual([
      `${CHARGEBEE}: usage field personalized_offer_id`,
    ]);
  });
});
