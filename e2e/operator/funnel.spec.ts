/** The funnel: figures by day and by group of what pages show and visitors close. They outlive the events. */
import type { LedgerCell } from 'offersight/proxy';
import { bodyOf, eventOf, post } from '../fixtures/post.js';
import { type Stack, expect as stackExpect, test as stackTest } from '../fixtures/stack.js';
import { expect, test } from '../fixtures/standalone.js';

const TODAY = () => new Date().toISOString().slice(0, 10);

const cellsOf = async ({ intake }: Stack): Promise<unknown[]> => {
  const cells: LedgerCell[] = [];
  for await (const portion of intake.ledger()) cells.push(...portion);
  return cells.map(({ group, type, reason, taken, delivered }) => [group, type, reason, taken, delivered]);
};

stackTest.describe('a page', () => {
  const offer = (id: string, group: string, inside = '') =>
    `<div class="offer" data-offer-id="${id}" ${group} data-offer-dwell="0">${inside}</div>`;

  stackTest('reports the group of each offer, and how it was closed', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('one', 'data-offer-group="autumn-sale"', '<button data-offer-dismiss>x</button>')}
       ${offer('two', '')}
       <dialog>${offer('three', 'data-offer-group="autumn-sale"')}</dialog>`,
    );
    // Its backdrop will cover the others.
    await stack.expectRecorded(['viewed one', 'viewed two']);
    await page.evaluate(() => document.querySelector('dialog')?.showModal());
    const viewed = ['viewed one', 'viewed two', 'viewed three'];
    await stack.expectRecorded(viewed);
    await page.keyboard.press('Escape');
    await stack.expectRecorded([...viewed, 'dismissed three']);
    await page.click('button');
    await stack.expectRecorded([...viewed, 'dismissed three', 'dismissed one']);
    stackExpect(await cellsOf(stack)).toEqual([
      ['(none)', 'viewed', undefined, 1, 1],
      ['autumn-sale', 'dismissed', 'control', 1, 1],
      ['autumn-sale', 'dismissed', 'escape', 1, 1],
      ['autumn-sale', 'viewed', undefined, 2, 2],
    ]);
    // Chargebee gets neither the group nor the reason.
    stackExpect(JSON.stringify(stack.upstream.history())).not.toMatch(/autumn-sale|escape|control/);
  });

  stackTest(
    'reports the dismissal under the new group if it changes the group of an offer that is still shown',
    async ({ page, stack }) => {
      await stack.open(
        page,
        offer('one', 'data-offer-group="first"', '<button data-offer-dismiss>x</button>'),
      );
      await stack.expectRecorded(['viewed one']);
      await page.evaluate(() => document.querySelector('.offer')?.setAttribute('data-offer-group', 'second'));
      await page.click('button');
      await stack.expectRecorded(['viewed one', 'dismissed one']);
      stackExpect(await cellsOf(stack)).toEqual([
        ['first', 'viewed', undefined, 1, 1],
        ['second', 'dismissed', 'control', 1, 1],
      ]);
    },
  );
});

test.describe('offersight funnel', () => {
  const events = [
    eventOf(1, { group: 'autumn-sale' }),
    eventOf(2, { type: 'dismissed', offer: 'a52ge1', group: 'autumn-sale', reason: 'escape' }),
    eventOf(3),
    eventOf(4, { offer: 'gone' }),
  ];

  test('shows beside a running proxy what was seen, closed and accepted by day', async ({ bench }) => {
    bench.upstream.addFaults({
      kind: 'status',
      status: 404,
      code: 'resource_not_found',
      match: { personalized_offer_id: 'gone' },
    });
    const proxy = await bench.start();
    await post(proxy.url, bodyOf(...events));
    await bench.upstream.until(() => bench.upstream.calls().length === 4);
    const funnel = async (...flags: string[]) => bench.run(['funnel', '--intake', bench.intake, ...flags]);
    await expect
      .poll(async () => (JSON.parse((await funnel('--json')).stdout) as { all: object }).all)
      .toMatchObject({ viewed: 3, dismissed: 1, delivered: 3, refused: 1, waiting: 0 });
    const { code, stdout, stderr } = await funnel();
    expect([code, stderr]).toEqual([0, '']);
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows[0]?.[0]).toMatch(/^\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d \(UTC\)$/);
    expect(rows).toContainEqual([TODAY(), '3', '1', '33.3 %', '–', '–', '3', '0', '1', '0', '0']);
    expect(stdout).toMatch(/^closed by: escape 1\naccepted: nobody has reported any$/m);
    const csv = (await funnel('--by', 'group', '--csv')).stdout.split('\r\n');
    expect(csv[0]).toMatch(/^group,viewed,dismissed,/);
    expect(csv.slice(1, 3).map((line) => line.split(',').slice(0, 3))).toEqual([
      ['(none)', '2', '0'],
      ['autumn-sale', '1', '1'],
    ]);
  });

  test('keeps only the groups apart that the proxy’s flag lists', async ({ bench }) => {
    const proxy = await bench.start(['--groups', 'first']);
    await post(
      proxy.url,
      bodyOf(eventOf(1, { group: 'first' }), eventOf(2, { group: 'second' }), eventOf(3, { group: 'first' })),
    );
    const { stdout } = await bench.run(['funnel', '--intake', bench.intake, '--by', 'group', '--csv']);
    const rows = stdout.split('\r\n').slice(1, -1);
    expect(rows.map((line) => line.split(',').slice(0, 2).join())).toEqual(['first,2', '(other),1']);
  });
});
