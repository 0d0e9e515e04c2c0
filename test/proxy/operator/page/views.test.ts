/** What the operator's page shows, and what its forms do. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AdmittedEvent, createOfferAdmin, type Intake } from '../../../../src/proxy/index.js';
import { barsOf } from '../../../../src/proxy/operator/page/funnel-chart.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { type OperatorBrowser, operatorBrowser, TOKEN } from '../../../support/operator-browser.js';
import { intakeHere } from '../../../support/sqlite.js';
import { eventId, START } from '../../../support/wire.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let folder: ReturnType<typeof temporaryFolder>;
let intake: Intake;
let browser: OperatorBrowser;

beforeEach(async () => {
  vi.useFakeTimers({ now: START, toFake: ['Date'] });
  folder = temporaryFolder();
  intake = intakeHere({ file: join(folder.path, 'intake.db') });
  browser = operatorBrowser(createOfferAdmin({ intake, token: TOKEN }));
  await browser.signIn();
});

afterEach(async () => {
  vi.useRealTimers();
  await intake.close();
  folder.remove();
});

const dismissed = (number: number, fields: Partial<AdmittedEvent> = {}): AdmittedEvent =>
  admitted(number, { type: 'dismissed', ...fields });

/** Ends everything that is due. */
const settle = async (result: { kind: 'done' } | { kind: 'dead'; code: string }): Promise<void> => {
  const { rows } = await intake.begin({ now: START, limit: 500, perMinute: 100_000 });
  await intake.finish(
    rows.map(({ id }) => ({ id, result })),
    START,
  );
};

/** The texts of a table's cells, row by row. */
const cellsOf = (page: string, caption: string): string[][] => {
  const [, body = ''] =
    new RegExp(`<caption>${caption}</caption>.*?<tbody[^>]*>(.*?)</tbody>`).exec(page) ?? [];
  return body
    .split('</tr>')
    .filter(Boolean)
    .map((row) =>
      row
        .split(/<\/t[dh]>/)
        .map((cell) => cell.replaceAll(/<[^>]*>/g, ''))
        .slice(0, -1),
    );
};

/** The words of a view. */
const wordsOf = async (path: string): Promise<string> =>
  (await browser.read(path)).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

const offersOf = async (states?: readonly ['waiting'] | readonly ['dead']): Promise<(string | undefined)[]> =>
  (await intake.list({ limit: 9, states })).map(({ offerId }) => offerId);

const locationOf = async (path: string, form?: Record<string, string>): Promise<string | null> =>
  (await browser.send(path, form)).headers.get('location');

/** Presses the button of a page's only form. */
const confirm = (page: string): Promise<Response> =>
  browser.ask('purge', {
    form: Object.fromEntries(
      [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']) => [name, value],
      ),
    ),
  });

const today = new Date(START).toISOString().slice(0, 10);
const yesterday = new Date(START - DAY_MS).toISOString().slice(0, 10);

describe('the funnel', () => {
  beforeEach(async () => {
    await intake.take([
      admitted(1, { group: 'summer', receivedAt: START - DAY_MS }),
      admitted(2, { group: 'summer' }),
      dismissed(3, { group: 'summer', reason: 'escape' }),
      admitted(4, { group: 'winter' }),
    ]);
  });

  it('shows each day, the newest first, with rates and what became of the events', async () => {
    await settle({ kind: 'done' });
    const page = await browser.read('funnel');
    expect(cellsOf(page, 'By day')).toEqual([
      [today, '2', '1', '50.0 %', '–', '–', '3', '0', '0', '0', '0'],
      [yesterday, '1', '0', '0.0 %', '–', '–', '1', '0', '0', '0', '0'],
    ]);
    expect(cellsOf(page, 'How offers were closed')).toEqual([['by Escape', '1', '100.0 %']]);
  });

  it('shows groups, and the days of one of them', async () => {
    const page = await browser.read('funnel?by=group');
    expect(cellsOf(page, 'By group').map(([group, viewed]) => [group, viewed])).toEqual([
      ['summer', '2'],
      ['winter', '1'],
    ]);
    const link = /<a href="(funnel\?[^"]*group=winter)">/.exec(page)?.[1] ?? '';
    const winter = await browser.read(link.replaceAll('&amp;', '&'));
    expect(cellsOf(winter, 'By day').map(([day, viewed]) => [day, viewed])).toEqual([[today, '1']]);
    expect(winter).toContain('<option value="winter" selected>');
    expect(winter).toContain('<option value="summer">');
  });

  it.each([
    ['since=YESTERDAY&until=YESTERDAY', [yesterday], `${yesterday} to ${yesterday}`],
    // Days in the wrong order are swapped, and what is no day is ignored.
    ['since=TODAY&until=YESTERDAY', [today, yesterday], `${yesterday} to ${today}`],
    ['since=yesterday', [today, yesterday], `to ${today}`],
    ['since=2026-02-30&until=%00', [today, yesterday], `to ${today}`],
    ['by=%00', [today, yesterday], `to ${today}`],
    ['group=&since=', [today, yesterday], `to ${today}`],
    ['since=2020-01-01&until=2020-01-02', [], 'Nothing happened on these days.'],
    ['since=2020-01-01&until=2020-01-02', [], 'Nobody has said how offers were closed.'],
  ])('asked for %s shows these days: %j', async (query, days, words) => {
    const page = await browser.read(
      `funnel?${query.replace('TODAY', today).replaceAll('YESTERDAY', yesterday)}`,
    );
    expect(cellsOf(page, 'By day').map(([day]) => day)).toEqual(days);
    expect(page).toContain(words);
  });

  it('leads to the last days', async () => {
    const page = await browser.read('funnel?by=group&group=summer');
    const links = [...page.matchAll(/<a href="(funnel\?[^"]+)">(today|7 days|30 days|a year)<\/a>/g)];
    expect(links.map(([, , words]) => words)).toEqual(['today', '7 days', '30 days', 'a year']);
    const week = await browser.read(String(links[1]?.[1]).replaceAll('&amp;', '&'));
    expect(week).toContain(
      `<h2>${new Date(START - 6 * DAY_MS).toISOString().slice(0, 10)} to ${today} (UTC), group summer</h2>`,
    );
    expect(cellsOf(week, 'By group').map(([group]) => group)).toEqual(['summer']);
  });

  it('counts what was accepted once anybody reports it', async () => {
    await intake.accept([{ id: eventId(9), content: 'x', receivedAt: START, group: 'summer' }]);
    const page = await browser.read('funnel?by=group');
    expect(cellsOf(page, 'By group').map((row) => row.slice(0, 6))).toEqual([
      ['summer', '2', '1', '50.0 %', '1', '50.0 %'],
      ['winter', '1', '0', '0.0 %', '0', '0.0 %'],
    ]);
  });

  it('comes as CSV as a whole, however long it is', async () => {
    const groups = Array.from({ length: 160 }, (_, at) => `group-${at}`);
    for (const ago of [0, 1, 2, 3])
      await intake.take(
        groups.map((group, at) =>
          admitted(1_000 + 200 * ago + at, {
            group,
            receivedAt: START - ago * 2 * DAY_MS,
            visitor: `${group} ${ago}`,
          }),
        ),
      );
    const since = new Date(START - 9 * DAY_MS).toISOString().slice(0, 10);
    const csv = await (await browser.ask(`funnel.csv?by=day,group&since=${since}&until=${today}`)).text();
    const rows = csv.split('\r\n').slice(1, -1);
    expect(new Set(rows).size).toBe(rows.length);
    const viewed = rows.reduce((sum, row) => sum + Number(row.split(',')[2]), 0);
    expect(viewed).toBe(640 + 3);
  });

  it('comes as CSV for a spreadsheet', async () => {
    const response = await browser.ask(`funnel.csv?by=day,group&since=${yesterday}&until=${today}`);
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="funnel-by-day-group-${yesterday}-${today}.csv"`,
    );
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toMatch(/^day,group,viewed,dismissed,/);
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 3).join())).toEqual([
      `${yesterday},summer,1`,
      `${today},summer,1`,
      `${today},winter,1`,
      '',
    ]);
    const winter = await browser.ask(`funnel.csv?by=group&group=winter&since=${yesterday}&until=${today}`);
    expect(
      (await winter.text())
        .split('\r\n')
        .slice(1)
        .map((line) => line.slice(0, 9)),
    ).toEqual(['winter,1,', '']);
    for (const query of ['', 'by=week&since=2026-01-01&until=2026-01-02', 'by=day&since=x&until=2026-01-02'])
      expect((await browser.ask(`funnel.csv?${query}`)).status).toBe(400);
  });
});

describe('the chart', () => {
  const row = (day: string, viewed: number) => ({
    ...{
      day,
      viewed,
      dismissed: 1,
      accepted: 0,
      delivered: 0,
      waiting: 0,
      refused: 0,
      givenUp: 0,
      purged: 0,
    },
    ...{ dismissalRate: null, acceptanceRate: null, reasons: {} as never },
  });

  it('has a bar for each day, also for one on which nothing happened', () => {
    const rows = [row('2026-02-27', 4), row('2026-03-01', 6)];
    const { days, bars } = barsOf({ since: '2026-02-27', until: '2026-03-01', rows });
    expect([days, bars.map(({ day, viewed }) => `${day} ${viewed}`)]).toEqual([
      1,
      ['2026-02-27 4', '2026-02-28 0', '2026-03-01 6'],
    ]);
  });

  it('has a bar for each week of more than 92 days', () => {
    const rows = [row('2026-01-01', 1), row('2026-01-07', 2), row('2026-01-08', 4), row('2026-04-03', 8)];
    const { days, bars } = barsOf({ since: '2026-01-01', until: '2026-04-03', rows });
    expect([days, bars.length, bars[0]?.viewed, bars[1]?.viewed, bars.at(-1)?.viewed]).toEqual([
      7, 14, 3, 4, 8,
    ]);
    expect(barsOf({ since: '2026-01-01', until: '2026-04-02', rows: [] }).days).toBe(1);
  });

  it('does not draw more than 800 days, even if more are asked for', () => {
    expect(barsOf({ since: '0001-01-01', until: '2026-11-23', rows: [] }).bars).toHaveLength(115);
    expect(barsOf({ since: '2026-11-23', until: '2026-11-01', rows: [] }).bars).toEqual([]);
  });

  it('scales its bars, and names each for people who point at it', async () => {
    await intake.take([admitted(1), admitted(2), dismissed(3)]);
    const page = await browser.read(`funnel?since=${today}&until=${today}`);
    expect(page).toContain(`<title>${today}: 2 viewed, 1 dismissed, 0 accepted</title>`);
    const heights = [...page.matchAll(/<rect class="(\w+)" x="[^"]+%" [^>]*height="(\d+)"/g)].map((found) =>
      found.slice(1),
    );
    expect(heights).toEqual([
      ['viewed', '196'],
      ['dismissed', '98'],
      ['accepted', '0'],
    ]);
  });
});

describe('delivery', () => {
  it('shows what waits, for how long, and what there is to do', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await intake.note({ alert: 'Chargebee refuses the key.', pausedUntil: START + 7 * MINUTE_MS });
    vi.setSystemTime(START + 5 * MINUTE_MS);
    const page = await wordsOf('delivery');
    expect(page).toMatch(/Waiting 2 The oldest waits for 5 minutes Calls in the last minute 0/);
    expect(page).toMatch(/There is something to do Chargebee refuses the key\./);
    expect(page).toMatch(/the next call is in 2 minutes\./);
  });

  it('says how long the rest takes at the pace of the last minute', async () => {
    await intake.take([admitted(1), admitted(2), admitted(3), admitted(4)]);
    await intake.begin({ now: START, limit: 2, perMinute: 10 });
    expect(await browser.read('delivery')).toContain(
      'At the pace of the last minute, 4 events take 2 minutes.',
    );
    // Calls that fail deliver nothing.
    await intake.note({ alert: 'Chargebee cannot be reached.' });
    expect(await browser.read('delivery')).not.toContain('At the pace');
  });

  it('answers first whether everything is delivered, and offers to give up only what waits', async () => {
    expect(await wordsOf('delivery')).toContain('Nothing was taken in the last 7 days.');
    await intake.take([admitted(1)]);
    await settle({ kind: 'done' });
    const all = await wordsOf('delivery');
    expect(all).toContain('Everything that was taken in the last 7 days is delivered: 1 event.');
    expect(all).not.toContain('Give up what waits');
    await intake.take([admitted(2)]);
    await settle({ kind: 'dead', code: 'x' });
    await intake.take([admitted(3)]);
    const some = await wordsOf('delivery');
    expect(some).toContain('In the last 7 days: 3 events taken, 1 delivered, 1 waiting.');
    expect(some).toContain('1 dead letter : 1 refused by Chargebee, 0 given up, 0 purged.');
    expect(some).toContain('Give up what waits');
  });
});

describe('events', () => {
  const rowsOf = async (query: string): Promise<string[]> =>
    cellsOf(await browser.read(`events${query}`), '[^<]*').map((row) => row.slice(1).join(' '));

  it('are shown newest first, all or those of one offer', async () => {
    await intake.take([
      admitted(1, { group: 'summer' }),
      dismissed(2, { offerId: 'offer1', reason: 'control' }),
      admitted(3),
    ]);
    expect(await rowsOf('')).toEqual([
      'viewed offer3  waiting',
      'dismissed: control offer1  waiting',
      'viewed offer1 summer waiting',
    ]);
    expect(await rowsOf('?find=%20offer3%20')).toEqual(['viewed offer3  waiting']);
    expect(await browser.read('events?find=offer9')).toContain(
      'The proxy does not know any event or offer offer9.',
    );
    expect(await browser.read('events?lane=usage_events')).toContain('has taken no event so far');
  });

  it('come page by page', async () => {
    await intake.take(Array.from({ length: 120 }, (_, at) => admitted(at + 1)));
    const seen: string[] = [];
    let link: string | undefined = 'events';
    while (link) {
      const page: string = await browser.read(link);
      seen.push(...cellsOf(page, 'All events').map(([, , offer]) => String(offer)));
      link = /<a href="(events\?[^"]*before=\d+)">Older/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, at) => `offer${120 - at}`));
    expect((await browser.ask('events?before=1%27%20OR%201')).status).toBe(200);
  });

  it('are shown with their whole history, each on its own view', async () => {
    await intake.take([admitted(1, { group: 'summer' })]);
    await settle({ kind: 'dead', code: 'resource_not_found' });
    for (const id of [eventId(1), eventId(1).toUpperCase()])
      expect(await wordsOf(`events?find=${id}`)).toMatch(
        new RegExp(
          `Id ${eventId(1)} What happened viewed Offer offer1 Group summer .*Sent to Chargebee 1 time ` +
            'It is dead letter: resource_not_found since [\\d: -]+ UTC ' +
            'What to do Chargebee does not know this offer\\..*Retry Give up',
        ),
      );
  });

  it('are found even if their offer is called like an event', async () => {
    await intake.take([admitted(1, { offerId: eventId(9) })]);
    expect(await rowsOf(`?find=${eventId(9)}`)).toEqual([`viewed ${eventId(9)}  waiting`]);
  });
});

describe('dead letters', () => {
  it('are shown with their code, and each code with what to do', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await settle({ kind: 'dead', code: 'resource_not_found' });
    const page = await browser.read('dead-letters');
    expect(cellsOf(page, 'Dead letters of offer events').map((row) => row.slice(1, 6))).toEqual([
      ['viewed', 'offer2', 'resource_not_found', '1', ''],
      ['viewed', 'offer1', 'resource_not_found', '1', ''],
    ]);
    expect(page.match(/Chargebee does not know this offer\./g)).toHaveLength(1);
    expect(await browser.read('dead-letters?lane=usage_events')).toContain('There are none.');
  });

  it('wait again one by one, or all but those that an operator gave up', async () => {
    await intake.take([admitted(1), admitted(2), admitted(3)]);
    await settle({ kind: 'dead', code: 'resource_not_found' });
    await intake.purge([eventId(3)], START);
    expect(await locationOf('retry', { id: eventId(1), lane: 'offer_events' })).toBe(
      'dead-letters?lane=offer_events&done=retried-1#letters',
    );
    expect(await locationOf('retry')).toMatch(/retried-1#letters$/);
    expect(await locationOf('retry', { id: eventId(3) })).toMatch(/retried-1#letters$/);
    expect(await offersOf(['dead'])).toEqual([]);
  });

  it.each([
    ['retried-1', '1 event waiting again.'],
    ['retried-0', 'a dismissal stays with the view'],
    ['purged-1', '1 event given up.'],
  ])('say what became of them: %s', async (done, words) => {
    expect(await browser.read(`dead-letters?done=${done}`)).toContain(words);
  });

  it('are given up one by one', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await settle({ kind: 'dead', code: 'resource_not_found' });
    expect(await locationOf('purge', { id: eventId(1), what: 'dead', lane: 'offer_events' })).toBe(
      'dead-letters?lane=offer_events&done=purged-1#letters',
    );
    expect((await intake.list({ limit: 9 })).map(({ code }) => code)).toEqual([
      'resource_not_found',
      'purged',
    ]);
    expect((await browser.read('dead-letters')).match(/aria-label="Give up /g)).toHaveLength(1);
  });

  it('of usage events are a list of their own, to be retried and given up', async () => {
    const usage = { subscriptionId: 's', properties: { a: 1 } };
    await intake.take([admitted(1, { usage }), admitted(2, { usage })]);
    const { rows } = await intake.usage.begin({ now: START, limit: 9, perMinute: 99 });
    await intake.usage.finish(
      rows.map(({ id }) => ({ id, result: { kind: 'dead', code: 'param_wrong_value' } })),
      START,
    );
    const lane = 'usage_events';
    expect(
      cellsOf(await browser.read(`dead-letters?lane=${lane}`), 'Dead letters of usage events'),
    ).toHaveLength(2);
    expect(await locationOf('retry', { lane, id: eventId(1) })).toMatch(
      /lane=usage_events&done=retried-1#letters$/,
    );
    await browser.send('purge', { lane, what: 'dead', confirm: 'yes' });
    expect((await intake.usage.list({ limit: 9 })).map(({ code }) => code)).toEqual(['purged', undefined]);
    expect((await intake.list({ limit: 9 })).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  });
});

describe('giving up', () => {
  it('says first how many events it concerns, and changes nothing until it is confirmed', async () => {
    await intake.take([admitted(1), dismissed(2, { offerId: 'offer1' }), admitted(3)]);
    const asked = await (await browser.send('purge', { what: 'waiting', offer: 'offer1' })).text();
    expect(asked).toContain('This gives up 2 events of the offer offer1.');
    expect(await offersOf(['dead'])).toEqual([]);
    expect((await confirm(asked)).headers.get('location')).toBe(
      'dead-letters?lane=offer_events&done=purged-2',
    );
    expect(await offersOf(['waiting'])).toEqual(['offer3']);
    expect(await browser.read('dead-letters')).toContain('An operator gave it up.');
    expect(await browser.read('dead-letters')).not.toContain('Retry all');
  });

  it('leaves what is on its way, and says so', async () => {
    await intake.take([admitted(1), admitted(2)]);
    await intake.begin({ now: START, limit: 1, perMinute: 10 });
    const page = await (await browser.send('purge', { what: 'waiting' })).text();
    expect(page).toContain('This gives up 1 event of 1 offer.');
    expect(page).toContain(
      '1 event will be left: a call is on its way, or Chargebee may have it from an earlier one.',
    );
  });

  it('concerns one visitor if that is asked for, before and after it is confirmed', async () => {
    await intake.take([admitted(1, { visitor: '203.0.113.9' }), admitted(2, { visitor: 'ada' })]);
    expect(await browser.read('delivery')).toContain('name="visitor"');
    const asked = await (await browser.send('purge', { what: 'waiting', visitor: ' 203.0.113.9 ' })).text();
    expect(asked).toContain('This gives up 1 event of 1 offer by the visitor 203.0.113.9.');
    await confirm(asked);
    expect(await offersOf(['waiting'])).toEqual(['offer2']);
  });

  it.each([
    [{ what: 'dead', visitor: 'ada' }, 'A dead letter has no visitor'],
    [{ what: 'waiting', visitor: 'ada', lane: 'usage_events' }, 'A usage event has no visitor'],
  ])('refuses to guess whose they are (%j)', async (form, words) => {
    await intake.take([admitted(1, { visitor: 'ada', usage: { subscriptionId: 's', properties: {} } })]);
    const answer = await browser.send('purge', { ...form, confirm: 'yes' });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(words)]);
    expect(await offersOf(['dead'])).toEqual([]);
  });

  it('has nothing to confirm if there is nothing to give up', async () => {
    const page = await (await browser.send('purge', { what: 'dead' })).text();
    expect(page).toContain('There is nothing to give up.');
    expect(page).not.toContain('confirm');
  });
});

describe('the live view', () => {
  it('is drawn with the newest 50 events, and gives them again as JSON without what it does not show', async () => {
    await intake.take(
      Array.from({ length: 60 }, (_, at) => admitted(at + 1, { headers: { 'x-secret': 'y' } })),
    );
    expect(cellsOf(await browser.read('live'), 'The newest 50 events')).toHaveLength(50);
    const rows = (await (await browser.ask('live-rows')).json()) as Record<string, unknown>[];
    expect(rows.map(({ offerId }) => offerId)).toEqual(
      Array.from({ length: 50 }, (_, at) => `offer${60 - at}`),
    );
    expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'type', 'offerId', 'state', 'receivedAt']);
  });
});

describe('text that strangers have written', () => {
  const HOSTILE = `"><script>alert(1)</script>'&{{7*7}}`;

  it('is only text on every view, wherever it is shown (attack 74)', async () => {
    await intake.take([
      admitted(1, { offerId: HOSTILE, group: HOSTILE }),
      dismissed(2, { offerId: HOSTILE, group: HOSTILE, reason: HOSTILE as never }),
    ]);
    await settle({ kind: 'dead', code: HOSTILE });
    await intake.note({ alert: HOSTILE });
    const text = encodeURIComponent(HOSTILE);
    const form = { what: 'dead', offer: HOSTILE, form_token: await browser.formToken() };
    const pages = [
      ...['funnel', 'funnel?by=group', 'delivery', 'events', 'dead-letters', 'live'],
      ...[`funnel?group=${text}&since=${text}&by=${text}`, `events?find=${text}&before=${text}&lane=${text}`],
      ...[`events?find=${eventId(1)}`, `dead-letters?done=${text}&lane=${text}`, `${text}?${text}`],
    ];
    for (const page of pages) {
      const html = await (await browser.ask(page)).text();
      expect(html).not.toMatch(/<script>|value="">/);
    }
    expect(await (await browser.ask('purge', { form })).text()).not.toContain('<script>');
    const signIn = await browser.read(`events?find=${text}`, { headers: { cookie: undefined } });
    expect(signIn).not.toMatch(/<script>/);
    const entry = await browser.read(`events?find=${HOSTILE.replaceAll('#', '')}`, {
      headers: { 'sec-fetch-site': 'none' },
    });
    expect(entry).not.toMatch(/<script>|refresh" content="0; url=(?!events\?|\.)/);
  });
});
