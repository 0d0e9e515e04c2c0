import type { Page } from '@playwright/test';
import { type OffersightWindow, trackerStats, untilMore } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

const offer = (id: string, inside = '', dwell = 60_000, style = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}" style="height: 90px; ${style}">${id} ${inside}</div>`;

const NO = '<button data-offer-dismiss>No</button>';

/** Keeps the events that the page announced, and that earlier pages of this tab announced. */
const HEARING = `<script>
  for (const type of ['viewed', 'dismissed']) document.addEventListener('offersight:' + type, ({ detail }) => {
    const row = [type, detail.offerId, detail.reason].filter(Boolean).join(' ');
    sessionStorage.heard = JSON.stringify([...JSON.parse(sessionStorage.heard ?? '[]'), row]);
  });
</script>`;

const heard = (page: Page): Promise<string[]> =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('heard') ?? '[]') as string[]);

/** Everything that browsers post to the site from now on. */
const receivedBy = (stack: Stack): (() => string) => {
  const bodies: string[] = [];
  const { gateway } = stack.site;
  const { listener } = gateway;
  Object.assign(gateway, {
    listener: ((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      return listener(request, response);
    }) satisfies typeof listener,
  });
  return () => bodies.join('\n');
};

test('each way of closing has its reason on the page and in the proxy’s ledger', async ({ page, stack }) => {
  const received = receivedBy(stack);
  const dialogs = ['escape', 'backdrop', 'dialog']
    .map((how) => `<dialog id="${how}" closedby="any">${offer(`by-${how}`)}</dialog>`)
    .join('');
  await stack.open(
    page,
    `${offer('by-control', NO)}${offer('by-convention', `<button aria-label="Close" onclick="this.parentElement.remove()">x</button>`)}
     ${offer('by-api')}${offer('by-ignoring', '', 0)}${dialogs}`,
    {
      script: 'data-endpoint="/offer-events" data-ignore="leave"',
      // A phone's back gesture asks a dialog to close without any key, as the last Escape does for the tracker here.
      head: `${HEARING}<script>addEventListener('keydown', (event) => {
        if (document.querySelector('[data-no-key]')) event.stopImmediatePropagation();
      }, true)</script>`,
    },
  );
  await trackerStats(page);
  await untilMore(page);
  await page.click('[data-offer-dismiss]');
  await page.click('[aria-label=Close]');
  await expect.poll(() => heard(page)).toContain('dismissed by-convention control');
  await page.evaluate(() => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('by-api'));
  });
  const open = (id: string) =>
    page.evaluate((name) => document.querySelector<HTMLDialogElement>(`#${name}`)?.showModal(), id);
  await open('escape');
  await page.keyboard.press('Escape');
  await open('backdrop');
  await page.mouse.click(1200, 700);
  await open('dialog');
  await page.evaluate(() => document.documentElement.toggleAttribute('data-no-key', true));
  await page.keyboard.press('Escape');
  await page.locator('#dialog').waitFor({ state: 'hidden' });
  const closed = ['control', 'convention', 'api', 'escape', 'backdrop', 'dialog', 'ignoring'].map(
    (how) => `by-${how}`,
  );
  await expect.poll(() => heard(page)).toContain('dismissed by-dialog dialog');
  await page.goto(`${stack.site.url}/elsewhere`);
  await stack.expectRecorded(closed.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]));
  expect((await heard(page)).filter((row) => row.startsWith('dismissed'))).toEqual([
    'dismissed by-control control',
    'dismissed by-convention control',
    'dismissed by-api api',
    'dismissed by-escape escape',
    'dismissed by-backdrop backdrop',
    'dismissed by-dialog dialog',
    'dismissed by-ignoring ignored',
  ]);
  const sent = new Map(
    [...received().matchAll(/"dismissed","personalized_offer_id":"([\w-]+)"[^}]*"reason":"(\w+)"/g)].map(
      ([, id, reason]) => [id, reason],
    ),
  );
  expect(Object.fromEntries(sent)).toEqual({
    'by-control': 'control',
    'by-convention': 'control',
    'by-api': 'api',
    'by-escape': 'escape',
    'by-backdrop': 'backdrop',
    'by-dialog': 'dialog',
    'by-ignoring': 'ignored',
  });
  const counted: string[] = [];
  for await (const cells of stack.intake.ledger())
    for (const { type, reason, taken } of cells) if (type === 'dismissed') counted.push(`${reason} ${taken}`);
  expect(counted).toEqual(['api 1', 'backdrop 1', 'control 2', 'dialog 1', 'escape 1', 'ignored 1']);
});

test.describe('a veto', () => {
  test('against viewed also prevents every kind of dismissal', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('vetoed', NO, 0)}
       <dialog id="modal">${offer('vetoed-modal')}${offer('free')}</dialog><script>modal.showModal()</script>`,
      {
        head: `<script>document.addEventListener('offersight:viewed', (event) => {
          if (event.detail.offerId.startsWith('vetoed')) event.preventDefault();
        })</script>${HEARING}`,
        script: 'data-endpoint="/offer-events" data-ignore="leave"',
      },
    );
    await trackerStats(page);
    await untilMore(page);
    await page.keyboard.press('Escape');
    await page.click('[data-offer-dismiss]');
    await page.evaluate(() => {
      (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.dismiss('vetoed'));
    });
    await stack.expectRecorded(['viewed free', 'dismissed free']);
    await page.goto(`${stack.site.url}/elsewhere`);
    await stack.open(page, offer('witness', '', 0));
    await stack.expectRecorded(['viewed free', 'dismissed free', 'viewed witness']);
    expect((await heard(page)).filter((row) => row.startsWith('dismissed'))).toEqual([
      'dismissed free escape',
    ]);
  });

  test('against dismissed keeps viewed, even if the offer is closed again', async ({ page, stack }) => {
    await stack.open(page, `${offer('vetoed', NO)}${offer('free', NO)}`, {
      head: `<script>document.addEventListener('offersight:dismissed', (event) => {
        if (event.detail.offerId === 'vetoed') event.preventDefault();
      })</script>`,
    });
    await trackerStats(page);
    await page.dblclick('[data-offer-id=vetoed] button');
    await page.click('[data-offer-id=free] button');
    await stack.expectRecorded(['viewed vetoed', 'viewed free', 'dismissed free']);
    expect((await trackerStats(page)).offers.vetoed).toEqual({
      rendered: 1,
      viewed: 1,
      dismissed: 0,
      accepted: 0,
    });
  });
});

test.describe('in every random sequence of a user’s actions', () => {
  /** A sequence of random numbers below a limit, which a seed decides (mulberry32). */
  const randomFrom = (seed: number) => {
    let state = seed;
    return (limit: number): number => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
    };
  };

  const buttons = (id: string) => `${NO}<button data-offer-accept>Yes</button>
    <button aria-label="Close" onclick="this.closest('.offer').remove()">x</button>
    <button class="details">Details</button><a href="#${id}">More</a>`;

  const plain = ['one', 'two', 'three', 'four'];
  const held: readonly [id: string, open: string, close: string][] = [
    ['five', '<dialog closedby="any" class="holder">', '</dialog>'],
    ['six', '<dialog class="holder">', '</dialog>'],
    ['seven', '<div popover class="holder">', '</div>'],
    ['eight', '<div role="dialog" class="holder" hidden>', '</div>'],
  ];
  const IDS = [...plain, ...held.map(([id]) => id)];
  const BODY = `
    <style>.offer { width: 340px } .holder { margin: 250px 450px }</style>
    ${plain.map((id, index) => `${offer(id, buttons(id), index * 200)}<div style="height: 150px"></div>`).join('')}
    ${held.map(([id, open, close]) => open + offer(id, buttons(id), 150) + close).join('')}
    <script>
      window.act = {
        open(id) {
          const holder = document.querySelector('[data-offer-id=' + id + ']')?.closest('.holder');
          if (holder?.localName === 'dialog') holder.open || holder.showModal();
          else if (holder?.popover) holder.showPopover();
          else if (holder) holder.hidden = false;
        },
        hide(id) {
          const holder = document.querySelector('[data-offer-id=' + id + ']')?.closest('.holder');
          if (holder?.localName === 'dialog') holder.close();
          else if (holder?.popover) holder.hidePopover();
          else if (holder) holder.hidden = true;
        },
        mount(id, html) {
          if (!document.querySelector('[data-offer-id=' + id + ']')) document.body.insertAdjacentHTML('afterbegin', html);
        },
        unmount(id) { document.querySelector('[data-offer-id=' + id + ']')?.remove() },
        // The middle of a control that a press would hit, or of the offer's box.
        at(id, which) {
          const offer = document.querySelector('[data-offer-id=' + id + ']');
          const target = offer?.querySelectorAll('button,a')[which] ?? offer;
          const { left, top, width, height } = target?.getBoundingClientRect() ?? { left: 5, top: 5, width: 0, height: 0 };
          return [left + width / 2, top + height / 2];
        },
      };
      document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') act.hide('eight') });
    </script>`;

  interface Acts {
    readonly act: {
      at(id: string, which: number): [number, number];
      mount(id: string, html: string): void;
    } & Record<'open' | 'hide' | 'unmount', (id: string) => void>;
  }

  /**
   * Which control of an offer is pressed; the last is the offer itself. Accepting is rare, since no dismissal follows
   * it.
   */
  const TARGETS = [0, 0, 2, 2, 3, 4, 5, 5, 1, 1];
  const KEYS = ['Escape', 'Escape', 'Tab', 'Enter', 'Space', 'End', 'Home'];

  const step = async (page: Page, below: (limit: number) => number): Promise<void> => {
    const id = IDS[below(IDS.length)] ?? 'one';
    const kind = below(12);
    if (kind < 4) {
      const [x, y] = await page.evaluate(([name, which]) => (window as unknown as Acts).act.at(name, which), [
        id,
        TARGETS[below(TARGETS.length)] ?? 0,
      ] as const);
      await page.mouse.click(x, y);
    } else if (kind < 6) await page.keyboard.press(KEYS[below(KEYS.length)] ?? 'Escape');
    else if (kind === 6) await page.mouse.wheel(0, below(2) ? 400 : -400);
    else if (kind === 7) await page.mouse.click(below(1280), below(800));
    else if (kind === 8)
      await page.evaluate(([name, html]) => (window as unknown as Acts).act.mount(name, html), [
        id,
        offer(id, buttons(id), below(400)),
      ] as const);
    else {
      const how = (['open', 'open', 'hide', 'unmount'] as const)[kind === 9 ? 0 : below(4)] ?? 'open';
      await page.evaluate(([name, verb]) => (window as unknown as Acts).act[verb](name), [id, how] as const);
    }
  };

  for (const seed of [1, 6]) {
    test(`each offer is viewed at most once, then dismissed at most once unless accepted: seed ${seed}`, async ({
      page,
      stack,
    }) => {
      await stack.open(page, BODY, {
        head: `${HEARING}<script>
          addEventListener('click', (event) => {
            const offer = event.target.closest?.('[data-offer-accept]')?.closest('.offer');
            if (offer) sessionStorage.heard = JSON.stringify([...JSON.parse(sessionStorage.heard ?? '[]'), 'accepted ' + offer.dataset.offerId]);
          }, true);
        </script>`,
      });
      await trackerStats(page);
      // What a press hits depends on how far the page has scrolled by then, so one acceptance is made certain.
      await page.click('[data-offer-id=one] [data-offer-accept]');
      const below = randomFrom(seed);
      for (let turn = 0; turn < 150; turn++) await step(page, below);
      await showWitness(page);
      await expect.poll(() => heard(page)).toContain('viewed witness');
      const rows = (await heard(page)).map((row) => row.split(' ').slice(0, 2).join(' '));
      // The upstream has the events that the page announced.
      await stack.expectRecorded(rows.filter((row) => !row.startsWith('accepted')));
      for (const id of IDS) {
        const happened = rows.filter((row) => row.endsWith(` ${id}`)).map((row) => row.split(' ')[0]);
        const told = happened.filter((type) => type !== 'accepted');
        expect([[], ['viewed'], ['viewed', 'dismissed']], `${id}: ${happened.join()}`).toContainEqual(told);
        const accepted = happened.indexOf('accepted');
        const closed = happened.indexOf('dismissed');
        expect(closed === -1 || accepted === -1 || closed < accepted, `${id}: ${happened.join()}`).toBe(true);
      }
      // This shows that the sequence had all kinds of events; otherwise nothing was checked.
      expect(new Set(rows.map((row) => row.split(' ')[0]))).toEqual(
        new Set(['viewed', 'dismissed', 'accepted']),
      );
    });
  }
});
