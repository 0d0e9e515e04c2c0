/** Events that the host's own code reports: their identity, what is wrong with them, and what becomes of them. */
import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { OffersightError } from '../../../src/errors.js';
import { createOfferAdmin, directIntake, type ServerEvent } from '../../../src/proxy/index.js';
import { readReport } from '../../../src/proxy/operator/report-lines.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

const TOKEN = 'canary-token-0123456789-abcdefghijkl';
const open: StartedProxy[] = [];

const start = (options: Parameters<typeof startProxy>[0] = {}): StartedProxy => {
  const started = startProxy(options);
  open.push(started);
  return started;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.end()));
});

const opened = (fields: Partial<ServerEvent> = {}): ServerEvent => ({
  name: 'mail-2211-opened-by-4711',
  type: 'viewed',
  offerId: 'a52ge40b',
  ...fields,
});

const untilCalls = async ({ runtime }: StartedProxy, count: number): Promise<void> => {
  await expect.poll(() => runtime.calls.length).toBe(count);
};

describe('an event that the host reports', () => {
  it('is kept and forwarded like what a page reports', async () => {
    const started = start();
    await expect(
      started.proxy.report([opened(), opened({ name: 'closed', type: 'dismissed' })]),
    ).resolves.toEqual({
      accepted: 2,
      duplicate: 0,
    });
    await untilCalls(started, 2);
    expect(started.runtime.calls.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { personalized_offer_id: 'a52ge40b', type: 'viewed' },
      { personalized_offer_id: 'a52ge40b', type: 'dismissed' },
    ]);
  });

  it('counts once under its name, even if another time is given', async () => {
    const started = start();
    await started.proxy.report([opened({ occurredAt: START - 5_000 })]);
    const again = await started.proxy.report([
      opened(),
      opened({ name: 'another' }),
      opened({ name: 'another' }),
    ]);
    expect(again).toEqual({ accepted: 1, duplicate: 2 });
    expect((await started.intake.list({ limit: 9 })).map(({ occurredAt }) => occurredAt)).toEqual([
      START,
      START - 5_000,
    ]);
  });

  it('has an id that no page may send, and that only the site, the name and the secret of the intake decide', async () => {
    const started = start();
    await started.proxy.report([opened()]);
    const id = (await started.intake.list({ limit: 1 }))[0]?.id ?? '';
    const hash = createHmac('sha256', await started.intake.nameKey())
      .update(JSON.stringify(['offersight report 1', 'acme-test', 'mail-2211-opened-by-4711']))
      .digest('hex');
    // A UUID of version 8 has two digits of its own.
    const digits = `${hash.slice(0, 12)}8${hash.slice(13, 16)}8${hash.slice(17, 32)}`;
    expect(id).toBe(digits.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
    const response = await started.proxy(pageRequest(wireBody([{ ...wireEvent(1), id }])));
    expect(response.status).toBe(400);
  });

  it('has an id of its name and the API key if no intake keeps a secret', async () => {
    const idWith = async (apiKey?: string) => {
      const started = start({ intake: directIntake() as never, ...(apiKey && { apiKey }) });
      await started.proxy.report([opened()]);
      return started.runtime.calls[0]?.key;
    };
    const id = await idWith();
    expect(await idWith()).toBe(id);
    expect(await idWith('another_key')).not.toBe(id);
  });

  it('keeps its caller, and counts for the subscription that the hook names', async () => {
    const started = start({
      usage: { subscriptionFor: (_, subject) => `sub-${subject}` },
    });
    await started.proxy.report([opened({ subject: 'somebody', caller: { ip: '203.0.113.7' } })]);
    const [row] = await started.intake.list({ limit: 9 });
    expect(row?.headers).toEqual({ 'chargebee-request-origin-ip': '203.0.113.7' });
    const [metered] = await started.intake.usage.list({ limit: 9 });
    expect([metered?.id, metered?.usage?.subscriptionId]).toEqual([row?.id, 'sub-somebody']);
  });

  it('is taken in portions of five hundred', async () => {
    const started = start();
    const events = Array.from({ length: 1_201 }, (_, at) => opened({ name: `mail-${at}` }));
    await expect(started.proxy.report(events)).resolves.toEqual({ accepted: 1_201, duplicate: 0 });
    await expect(started.proxy.report([])).resolves.toEqual({ accepted: 0, duplicate: 0 });
  });
});

describe('an acceptance that the billing system counted', () => {
  const cellsOf = async ({ intake }: StartedProxy): Promise<unknown[]> => {
    const cells = [];
    for await (const portion of intake.ledger())
      for (const { group, type, taken, accepted } of portion) cells.push([group, type, taken, accepted]);
    return cells;
  };

  it('counts only in the ledger, once, and is never forwarded', async () => {
    const started = start();
    const paid = opened({ name: 'order-1', type: 'accepted', group: 'summer' });
    await expect(started.proxy.report([paid, opened()])).resolves.toEqual({ accepted: 2, duplicate: 0 });
    await expect(started.proxy.report([paid])).resolves.toEqual({ accepted: 0, duplicate: 1 });
    await untilCalls(started, 1);
    await expect.poll(async () => (await started.intake.list({ limit: 9 }))[0]?.state).toBe('done');
    expect(started.runtime.calls.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      'viewed',
    ]);
    expect(await started.intake.list({ limit: 9 })).toHaveLength(1);
    expect(await cellsOf(started)).toEqual([
      ['(none)', 'viewed', 1, 0],
      ['summer', 'accepted', 1, 1],
    ]);
  });

  it('counts under (other), like all reported events, if its group is not among those of the host', async () => {
    const started = start({ groups: ['summer'] });
    await started.proxy.report([
      opened({ name: 'order-1', type: 'accepted', group: 'winter' }),
      opened({ group: 'winter' }),
      opened({ name: 'seen', group: 'summer' }),
    ]);
    expect(await cellsOf(started)).toEqual([
      ['(other)', 'accepted', 1, 1],
      ['(other)', 'viewed', 1, 0],
      ['summer', 'viewed', 1, 0],
    ]);
  });

  it.each<[string, Partial<ServerEvent>]>([
    ['a view was reported', {}],
    ['another offer was accepted', { type: 'accepted', offerId: 'other' }],
  ])('is refused if %s under its name', async (_, earlier) => {
    const { proxy } = start();
    await proxy.report([opened(earlier)]);
    await expect(proxy.report([opened({ type: 'accepted' })])).rejects.toMatchObject({ code: 'refused' });
  });

  it('is refused with a reason by an intake that remembers nothing', async () => {
    const { proxy } = start({ intake: directIntake() as never });
    await expect(proxy.report([opened({ type: 'accepted' })])).rejects.toMatchObject({
      code: 'configuration',
      hint: expect.stringMatching(/only in the ledger, which directIntake\(\) does not have/),
    });
  });
});

describe('a report throws, and nothing is taken, if one event has', () => {
  it.each<[string, object, RegExp]>([
    ['no name', { name: undefined }, /Event 2 of the report: give it a name of 1 to 200 characters/],
    ['an empty name', { name: '' }, /give it a name/],
    ['a name that is too long', { name: 'x'.repeat(201) }, /give it a name/],
    [
      'a type that is never reported',
      { type: 'fulfilled' },
      /its type is viewed, dismissed or accepted; fulfilled/,
    ],
    ['an unknown type', { type: 'clicked' }, /its type is/],
    [
      'a business entity’s id that is too long',
      { caller: { businessEntityId: 'x'.repeat(51) } },
      /businessEntityId has/,
    ],
    ['a group with blanks', { group: 'summer sale' }, /its group has 1 to 50/],
    [
      'a field of the API',
      { personalized_offer_id: 'o1' },
      /"personalized_offer_id" is unknown. An event may have name, type/,
    ],
    ['no offer', { offerId: undefined }, /its offerId has 1 to 50/],
    ['an offer id that is too long', { offerId: 'x'.repeat(51) }, /its offerId has 1 to 50/],
    ['an occurredAt that is no integer', { occurredAt: 1.5 }, /its occurredAt is in epoch milliseconds/],
    ['an occurredAt in seconds', { occurredAt: 1_700_000_000 }, /its occurredAt is in epoch milliseconds/],
    ['an occurredAt in the future', { occurredAt: START + 1 }, /not in the future/],
    ['an e-mail address as a subject', { subject: 'a@b.example' }, /its subject has 1 to 128/],
  ])('%s', async (_, fields, words) => {
    const { proxy, intake } = start();
    await expect(proxy.report([opened(), { ...opened(), ...fields }])).rejects.toMatchObject({
      code: 'configuration',
      hint: expect.stringMatching(words),
    });
    expect(await intake.list({ limit: 9 })).toEqual([]);
  });

  it.each<unknown>([opened(), [null]])('no form of an event, or is no list: %j', async (given) => {
    await expect(start().proxy.report(given as never)).rejects.toMatchObject({ code: 'configuration' });
  });

  it('the name of another event, in the same report or an earlier one', async () => {
    const { proxy, intake } = start();
    const other = opened({ type: 'dismissed' });
    await expect(proxy.report([opened(), other])).rejects.toMatchObject({
      code: 'configuration',
      hint: 'Event 2 of the report: another event of the report has its name.',
    });
    expect(await intake.list({ limit: 9 })).toEqual([]);
    const many = Array.from({ length: 510 }, (_, at) => opened({ name: `mail-${at}` }));
    await expect(proxy.report([...many, { ...other, name: 'mail-509' }])).rejects.toMatchObject({
      hint: 'Event 511 of the report: another event of the report has its name.',
    });
    expect(await intake.list({ limit: 9 })).toEqual([]);
    await proxy.report([opened()]);
    await expect(proxy.report([other])).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('an intake that cannot take', () => {
  it('makes the report reject with what to do if it does not answer', async () => {
    const { intake } = start();
    for (const method of ['take', 'nameKey'] as const) {
      const cause = new Error('SQLITE_BUSY: database is locked');
      const locked = start({
        intake: { ...intake, [method]: () => Promise.reject(cause), close: async () => undefined },
      });
      await expect(locked.proxy.report([opened()])).rejects.toMatchObject({
        code: 'delivery',
        hint: expect.stringContaining('Report the events again later') as string,
        cause,
      });
    }
  });

  it('makes the report reject with what to set right first, if another try would not help', async () => {
    const { intake } = start();
    const cause = new OffersightError('configuration', 'The schema is another site’s: name one of its own.');
    const foreign = start({
      intake: { ...intake, take: () => Promise.reject(cause), close: async () => undefined },
    });
    await expect(foreign.proxy.report([opened()])).rejects.toMatchObject({
      code: 'delivery',
      hint: `${cause.hint} Report the events again after that: their names keep them from counting twice.`,
      cause,
    });
  });

  it('makes the report reject with what to do if it is full', async () => {
    const full = start({
      intake: {
        ...start().intake,
        take: async (events) =>
          new Map(events.map(({ id }) => [id, { kind: 'deferred', code: 'overloaded', retryAfterMs: 1 }])),
        close: async () => undefined,
      },
    });
    await expect(full.proxy.report([opened()])).rejects.toMatchObject({
      code: 'delivery',
      hint: expect.stringContaining('report them again later'),
    });
  });

  it('makes the report forward each event itself, or reject, if it is direct', async () => {
    const direct = start({ intake: directIntake() as never });
    await expect(direct.proxy.report([opened()])).resolves.toEqual({ accepted: 1, duplicate: 0 });
    expect(direct.runtime.calls).toHaveLength(1);
    direct.runtime.answer = () => new Response('{}', { status: 422 });
    await expect(direct.proxy.report([opened({ name: 'second' })])).rejects.toMatchObject({
      code: 'refused',
    });
  });
});

describe('lines of a report', () => {
  const line = JSON.stringify({
    name: 'one',
    type: 'viewed',
    personalized_offer_id: 'a52ge40b',
    occurred_at: START,
    subject: 'somebody',
  });

  it('have the API’s own field names, and blank ones are left out', async () => {
    const reported: (readonly ServerEvent[])[] = [];
    await readReport(`${line}\n\n${line}\r\n`)(async (events) => {
      reported.push(events);
      return { accepted: 2, duplicate: 0 };
    });
    expect(reported).toEqual([
      Array.from({ length: 2 }, () => opened({ name: 'one', occurredAt: START, subject: 'somebody' })),
    ]);
  });

  it.each([
    [{ occurred_at: 1.5 }, 'Line 4: its occurred_at is in epoch milliseconds, and not in the future.'],
    [{ personalized_offer_id: '' }, /^Line 4: its personalized_offer_id has 1 to 50 characters/],
    [{ type: 'dismissed' }, 'Line 4: another event of the report has its name.'],
  ])('are named by number and by their own fields if reporting refuses %j', async (fields, hint) => {
    const { proxy } = start();
    const text = `\n${line}\n\n${JSON.stringify({ ...(JSON.parse(line) as object), ...fields })}\n`;
    await expect(readReport(text)(proxy.report)).rejects.toMatchObject({
      code: 'configuration',
      hint: typeof hint === 'string' ? hint : (expect.stringMatching(hint) as string),
    });
  });

  it('are named by number if an earlier report has the name of another event', async () => {
    const { proxy } = start();
    await proxy.report([opened({ name: 'one', type: 'dismissed' })]);
    await expect(readReport(`\n${line}`)(proxy.report)).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringMatching(/^Line 2: it has the name of another event/) as string,
    });
  });

  it('may begin with the mark of their encoding, as editors on Windows write it', async () => {
    const { proxy } = start();
    expect(await readReport(`\uFEFF${line}`)(proxy.report)).toMatchObject({ accepted: 1 });
  });

  it('leave an error as it is that is about no event', async () => {
    const cause = new Error('ECONNREFUSED');
    await expect(readReport(line)(() => Promise.reject(cause))).rejects.toBe(cause);
  });

  it.each([
    ['{', 'Line 2: it is no JSON.'],
    ['[]', 'Line 2: it is no JSON object.'],
    ['null', 'Line 2: it is no JSON object.'],
    ['{"offer_id":"x"}', /Line 2: "offer_id" is unknown. A line may have name, type, personalized_offer_id/],
    ['{"__proto__":{}}', /Line 2: "__proto__" is unknown/],
  ])('are refused by number: %s', (text, words) => {
    expect(() => readReport(`${line}\n${text}`)).toThrow(words);
  });

  it('are taken from everybody who has the operator’s token, with a precise answer', async () => {
    const { proxy, intake } = start();
    const admin = createOfferAdmin({ intake, token: TOKEN, report: proxy.report });
    const post = async (body: string, to = admin, token = TOKEN): Promise<unknown> => {
      const response = await to(
        new Request('https://shop.example/admin/report', {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          body,
        }),
      );
      return { status: response.status, ...((await response.json()) as object) };
    };
    expect(await post(line)).toEqual({ status: 200, accepted: 1, duplicate: 0 });
    expect(await post(line)).toEqual({ status: 200, accepted: 0, duplicate: 1 });
    expect(await post('{')).toMatchObject({ status: 400, code: 'request', detail: 'Line 1: it is no JSON.' });
    expect(await post('x'.repeat(500_001))).toMatchObject({ status: 413 });
    expect(await post(line, admin, 'wrong'.repeat(9))).toMatchObject({ status: 401 });
    expect(await post(line, createOfferAdmin({ intake, token: TOKEN }))).toMatchObject({ status: 404 });
  });
});
