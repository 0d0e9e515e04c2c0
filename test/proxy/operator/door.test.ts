/** What the proxy itself did not take is said first by every surface, and none says that all is well. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { funnelText } from '../../../src/proxy/cli/funnel-text.js';
import { statusText } from '../../../src/proxy/cli/status-text.js';
import { createOfferAdmin, type OfferProxyOptions } from '../../../src/proxy/index.js';
import { readFunnel } from '../../../src/proxy/operator/funnel.js';
import { readStanding, readStatus } from '../../../src/proxy/operator/listing.js';
import { askOperator } from '../../../src/tools/doctor/operator/admin.js';
import { operatorBrowser, TOKEN } from '../../support/operator-browser.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const WRITE_MS = 5_000;
const EVENTS = Array.from({ length: 12 }, (_, at) => wireEvent(at + 1));

let started: StartedProxy;
const start = (options: Partial<Omit<OfferProxyOptions, 'intake'>> = {}): void => {
  started = startProxy(options);
  vi.useFakeTimers({ toFake: ['Date'], now: started.runtime.now() });
};

afterEach(async () => {
  vi.useRealTimers();
  await started.end();
});

/** A visit whose events the proxy refuses. */
interface Situation {
  readonly options: Partial<Omit<OfferProxyOptions, 'intake'>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** What every surface says. */
  readonly says: readonly string[];
}

const SITUATIONS: readonly (readonly [string, Situation])[] = [
  [
    'signed offers are required, and the page has no tokens',
    {
      options: { requireSignedOffers: 'a secret of more than thirty-two characters' },
      says: ['refused 12 events: invalid_event 12', 'Events without a valid token are refused'],
    },
  ],
  [
    'a web server drops Sec-Fetch-Site',
    {
      options: {},
      headers: { 'sec-fetch-site': undefined },
      says: ['rejected 1 request: origin 1'],
    },
  ],
];

const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll(/\s+/g, ' ');

/** What each surface shows of an intake. */
const SURFACES: Readonly<Record<string, () => Promise<string>>> = {
  async status() {
    const now = started.runtime.now();
    return statusText(await readStatus(started.intake, now, { limit: 20 }), now);
  },
  async funnel() {
    const standing = await readStanding(started.intake, started.runtime.now());
    return funnelText(await readFunnel(started.intake), standing);
  },
  async 'the delivery page'() {
    const browser = operatorBrowser(createOfferAdmin({ intake: started.intake, token: TOKEN }));
    await browser.signIn();
    return textOf(await browser.read('delivery'));
  },
  async 'the funnel page'() {
    const browser = operatorBrowser(createOfferAdmin({ intake: started.intake, token: TOKEN }));
    await browser.signIn();
    return textOf(await browser.read('funnel'));
  },
};

describe.each(SITUATIONS)('if %s', (_, { options, headers = {}, says }) => {
  const visit = async (): Promise<void> => {
    start(options);
    await started.proxy(pageRequest(wireBody(EVENTS), headers));
    await started.runtime.advance(WRITE_MS);
  };

  it.each(Object.keys(SURFACES))('%s says so', async (surface) => {
    await visit();
    const text = await SURFACES[surface]?.();
    for (const words of says) expect(text).toContain(words);
  });

  it('the doctor finds it at the admin route', async () => {
    await visit();
    const admin = createOfferAdmin({ intake: started.intake, token: TOKEN });
    const seen = await askOperator(
      async (url) => {
        const answer = await admin(new Request(url, { headers: { authorization: `Bearer ${TOKEN}` } }));
        const { status } = answer;
        return { kind: 'answered', url, status, headers: {}, text: await answer.text(), redirects: [] };
      },
      { url: 'http://127.0.0.1:8788/admin/', token: TOKEN },
      started.runtime.now(),
    );
    const { alerts, refused, requests } = seen.door;
    const sum = Object.values({ ...refused, ...requests }).reduce((total, times) => total + times, 0);
    expect(sum).toBe('sec-fetch-site' in headers ? 1 : 12);
    expect(alerts.length).toBe('sec-fetch-site' in headers ? 0 : 1);
  });
});

it.each(['status', 'funnel', 'the funnel page', 'the delivery page'])(
  '%s says first what Chargebee’s answers ask for',
  async (surface) => {
    start();
    await started.intake.note({ alert: 'Check the key.' });
    const text = (await SURFACES[surface]?.()) ?? '';
    expect(text.indexOf('Check the key.')).toBeGreaterThan(-1);
    expect(text.indexOf('Check the key.')).toBeLessThan(text.search(/no events|viewed|Viewed|Waiting/));
  },
);

it('what was counted reaches the intake when the proxy closes, also after a write failed', async () => {
  start();
  const { intake, proxy, runtime } = started;
  const noteDoor = vi.spyOn(intake, 'noteDoor').mockRejectedValueOnce(new Error('disk'));
  await proxy(pageRequest('{', {}));
  await runtime.advance(WRITE_MS);
  await proxy(pageRequest('{', {}));
  noteDoor.mockRestore();
  const written = vi.spyOn(intake, 'noteDoor');
  await proxy.close();
  expect(written.mock.calls.map(([{ requests }]) => requests)).toEqual([{ json: 2 }]);
});
