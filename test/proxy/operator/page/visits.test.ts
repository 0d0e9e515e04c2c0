/** Who is shown the operator's page, and in whose name something is changed. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOfferAdmin, type Intake, type OfferAdmin } from '../../../../src/proxy/index.js';
import { admitted, temporaryFolder } from '../../../support/intake.js';
import { type OperatorBrowser, operatorBrowser, TOKEN } from '../../../support/operator-browser.js';
import { intakeHere } from '../../../support/sqlite.js';
import { START } from '../../../support/wire.js';

const HOUR_MS = 3_600_000;

let folder: ReturnType<typeof temporaryFolder>;
let intake: Intake;
let admin: OfferAdmin;
let browser: OperatorBrowser;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['Date'] });
  folder = temporaryFolder();
  intake = intakeHere({ file: join(folder.path, 'intake.db') });
  admin = createOfferAdmin({ intake, token: TOKEN });
  browser = operatorBrowser(admin);
});

afterEach(async () => {
  vi.useRealTimers();
  await intake.close();
  folder.remove();
});

/** Leaves one dead letter, which waits again after a retry. */
const leaveDeadLetter = async (): Promise<void> => {
  await intake.take([admitted(1)]);
  const { rows } = await intake.begin({ now: START, limit: 1, perMinute: 10 });
  await intake.finish(
    rows.map(({ id }) => ({ id, result: { kind: 'dead', code: 'resource_not_found' } })),
    START,
  );
};

const isStillDead = async (): Promise<boolean> =>
  (await intake.list({ limit: 9, states: ['dead'] })).length === 1;

const FUNNEL = /<h1>Funnel<\/h1>/;
const SIGN_IN = /<h1>Sign in<\/h1>/;

describe('a browser that has not signed in', () => {
  it('is asked for the token on every view', async () => {
    for (const path of ['', 'funnel', 'delivery', 'events?find=offer1', 'dead-letters', 'live'])
      expect(await browser.read(path)).toMatch(SIGN_IN);
    expect((await browser.ask('live-rows')).status).toBe(401);
    for (const path of ['retry', 'purge', 'sign-out', 'nothing'])
      expect((await browser.ask(path, { form: {} })).status).toBe(401);
  });

  it('comes to the view that it asked for once it has signed in', async () => {
    const page = await browser.read('events?find=a%26b&lane=usage_events');
    const [, to = ''] = /name="to" value="([^"]*)"/.exec(page) ?? [];
    const response = await browser.ask('sign-in', {
      form: { token: TOKEN, to: to.replaceAll('&amp;', '&') },
    });
    expect([response.status, response.headers.get('location')]).toEqual([
      303,
      'events?find=a%26b&lane=usage_events',
    ]);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'funnel/../../evil',
    'javascript:alert(1)',
    'sign-out',
    'funnel#x',
    'funnel?a b',
  ])('is not led anywhere else by %s', async (to) => {
    const response = await browser.ask('sign-in', { form: { token: TOKEN, to } });
    expect([response.status, response.headers.get('location')]).toEqual([303, 'funnel']);
  });
});

describe('signing in', () => {
  it.each([
    ['127.0.0.1:8788', 'offersight-operator=', ''],
    ['ops.example.com', '__Host-offersight-operator=', ' Path=/; Secure;'],
  ])(
    'at %s begins a session of 8 hours, in a cookie that no script reads and no other site sends (attack 71)',
    async (host, name, secure) => {
      admin = createOfferAdmin({ intake, token: TOKEN, adminHosts: ['127.0.0.1', 'ops.example.com'] });
      browser = operatorBrowser(admin, host);
      const attributes = `;${secure} HttpOnly; SameSite=Strict; Max-Age=`;
      const [, value, rest] =
        /^([^;]+)(;.*)$/.exec((await browser.signIn()).headers.get('set-cookie') ?? '') ?? [];
      expect([value?.startsWith(name), rest]).toEqual([true, `${attributes}28800`]);
      vi.setSystemTime(START + 8 * HOUR_MS - 1);
      expect(await browser.read('funnel')).toMatch(FUNNEL);
      vi.setSystemTime(START + 8 * HOUR_MS);
      expect(await browser.read('funnel')).toMatch(SIGN_IN);
      await browser.signIn();
      await leaveDeadLetter();
      expect((await browser.send('retry')).headers.get('location')).toMatch(/retried-1#letters$/);
      const { headers } = await browser.send('sign-out');
      expect(headers.get('set-cookie')).toBe(`${name}${attributes}0`);
      // The back button shows what browsers keep.
      expect(headers.get('clear-site-data')).toBe('"cache"');
      expect(await browser.read('funnel')).toMatch(SIGN_IN);
    },
  );

  it('needs the token, around which a copy may have blanks, and takes none from an address, which would be logged', async () => {
    for (const token of ['', 'wrong', TOKEN.slice(1), `${TOKEN} x`]) {
      const response = await browser.signIn(token);
      expect([response.status, browser.cookies.size]).toEqual([401, 0]);
      const page = await response.text();
      expect(page).toContain('This is not the admin token.');
      expect(page).not.toContain(TOKEN);
    }
    expect(await browser.read(`funnel?token=${TOKEN}`)).toMatch(SIGN_IN);
    expect((await browser.ask(`sign-in?token=${TOKEN}`, { form: {} })).status).toBe(401);
    expect((await browser.signIn(` ${TOKEN}\n`)).status).toBe(303);
  });

  it('sets only its cookie, even if the address contains attributes of one (attack 71)', async () => {
    const response = await browser.ask('x;Path=/;Domain=example.com/sign-in', { form: { token: TOKEN } });
    expect(response.headers.get('set-cookie')).toMatch(
      /^offersight-operator=[\w.-]+; HttpOnly; SameSite=Strict; Max-Age=28800$/,
    );
  });

  it('does not ask if its form would lead to somebody else’s page, and says where to go', async () => {
    const response = await browser.ask('../internal/operators');
    const page = await response.text();
    expect([response.status, page.includes('<form')]).toEqual([404, false]);
    expect(page).toContain('<a href="./operators/">operators/</a>');
    expect(await browser.read('../internal/operators/')).toMatch(SIGN_IN);
  });
});

describe('guessing the token', () => {
  const guess = async (address: string): Promise<number> =>
    (await browser.signIn('wrong', { address })).status;
  const bear = async (token: string, address: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await admin(new Request('http://proxy.invalid/admin/status', { headers }), { address })).status;
  };

  it('is slowed down after ten wrong ones a minute from one address (attack 75)', async () => {
    for (let count = 0; count < 10; count++) expect(await guess('203.0.113.7')).toBe(401);
    expect(await guess('203.0.113.7')).toBe(429);
    expect(await bear('wrong', '203.0.113.7')).toBe(429);
    expect(await guess('203.0.113.8')).toBe(401);
  });

  it('counts a whole network of one visitor, and nobody who sends no token (attack 75)', async () => {
    for (let count = 0; count < 20; count++) expect(await bear('', '2001:db8::1')).toBe(401);
    for (let count = 0; count < 10; count++) expect(await guess(`2001:db8::${count}`)).toBe(401);
    expect(await guess('2001:db8::ffff')).toBe(429);
    for (let count = 0; count < 10; count++) expect(await guess('::ffff:198.51.100.1')).toBe(401);
    expect(await guess('198.51.100.1')).toBe(429);
  });

  it('does not keep out operators: the right token and an open session still pass (attack 75)', async () => {
    const colleague = operatorBrowser(admin);
    await colleague.signIn(TOKEN, { address: '203.0.113.7' });
    for (let count = 0; count < 30; count++) await guess('203.0.113.7');
    expect((await browser.signIn(TOKEN, { address: '203.0.113.7' })).status).toBe(303);
    expect(await bear(TOKEN, '203.0.113.7')).toBe(200);
    expect(await colleague.read('funnel', { address: '203.0.113.7' })).toMatch(FUNNEL);
  });
});

describe('a session', () => {
  const copyOf = (value: string): OperatorBrowser => {
    const copy = operatorBrowser(admin);
    copy.cookies.set('offersight-operator', value);
    return copy;
  };
  const cookieOf = (from: OperatorBrowser): string => from.cookies.get('offersight-operator') ?? '';

  it('cannot be made or changed without the token (attack 71)', async () => {
    await browser.signIn();
    const value = cookieOf(browser);
    const [ended = '', begin = '', end = '', mac = ''] = value.split('.');
    const later = (Number.parseInt(end, 36) + HOUR_MS).toString(36);
    const formToken = await browser.formToken();
    expect(formToken).not.toBe(mac);
    expect(await copyOf(value).read('funnel')).toMatch(FUNNEL);
    for (const forged of [
      `${ended}.${begin}.${later}.${mac}`,
      `1.${begin}.${end}.${mac}`,
      `${ended}.${end}.${begin}.${mac}`,
      `${ended}.${begin}.${end}.${mac.slice(0, -2)}AA`,
      `${ended}.${begin}.${end}.${formToken}`,
      `${ended}.${begin}.${end}.`,
      `${begin}.${end}.${mac}`,
      `0${value}`,
      `${value}x`,
      'x'.repeat(10_000),
      '',
    ])
      expect(await copyOf(forged).read('funnel')).toMatch(SIGN_IN);
  });

  it('does not begin by a cookie that was there before (attack 71)', async () => {
    const planted = 'planted.planted.x';
    browser.cookies.set('offersight-operator', planted);
    await browser.signIn();
    expect(cookieOf(browser)).not.toBe(planted);
    expect(await copyOf(planted).read('funnel')).toMatch(SIGN_IN);
    // Other cookies of this name, for longer paths, come before the right one.
    const cookie = `${`offersight-operator=${planted}; `.repeat(20)}offersight-operator=${cookieOf(browser)}`;
    expect(await browser.read('funnel', { headers: { cookie } })).toMatch(FUNNEL);
  });

  it('ends with another token (attack 71)', async () => {
    await browser.signIn();
    const renewed = createOfferAdmin({ intake, token: `${TOKEN}-renewed` });
    const copy = operatorBrowser(renewed);
    copy.cookies.set('offersight-operator', cookieOf(browser));
    expect(await copy.read('funnel')).toMatch(SIGN_IN);
  });

  it.each([
    ['later', HOUR_MS],
    ['in the same millisecond', 0],
    ['by a clock that is behind', -HOUR_MS],
  ])('ends in every process, for good, if an operator signs out %s (attack 71)', async (_, laterMs) => {
    await browser.signIn();
    const stolen = copyOf(cookieOf(browser));
    const elsewhere = intakeHere({ file: join(folder.path, 'intake.db') });
    const other = operatorBrowser(createOfferAdmin({ intake: elsewhere, token: TOKEN }));
    other.cookies.set('offersight-operator', cookieOf(browser));
    expect(await other.read('funnel')).toMatch(FUNNEL);
    vi.setSystemTime(START + laterMs);
    const colleague = operatorBrowser(admin);
    await colleague.signIn();
    expect((await colleague.send('sign-out')).headers.get('location')).toBe('funnel');
    for (const each of [browser, stolen, other, colleague])
      expect(await each.read('funnel')).toMatch(SIGN_IN);
    // By any clock a new one can begin and end.
    vi.setSystemTime(START);
    await browser.signIn();
    expect(await browser.read('funnel')).toMatch(FUNNEL);
    await browser.send('sign-out');
    expect(await browser.read('funnel')).toMatch(SIGN_IN);
    await elsewhere.close();
  });
});

describe('a host name', () => {
  it.each([
    ['evil.example', 'a name that was pointed at this machine'],
    ['127.0.0.1.evil.example:8788', 'one that only begins so'],
    ['localhost.', 'one with a dot at its end'],
    ['10.0.0.5:8788', 'another address of this machine'],
    ['', 'no name'],
    ['[::1', 'half of one'],
  ])('gets nothing of the page if it is not its own: %s, %s (attack 69)', async (host) => {
    await browser.signIn();
    for (const path of ['', 'funnel', 'style.css', 'live.js', 'live-rows']) {
      const response = await browser.ask(path, { host });
      const text = await response.text();
      expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
      expect(text).not.toMatch(/<form|form_token|taken|color-scheme:|import/);
    }
    await leaveDeadLetter();
    const form = { form_token: await browser.formToken() };
    expect((await browser.ask('retry', { host, form })).status).toBe(401);
    expect((await browser.ask('sign-in', { host, form: { token: TOKEN } })).status).toBe(401);
    expect(await isStillDead()).toBe(true);
  });

  it.each([
    ['127.0.0.1', undefined, true],
    ['localhost:8788', undefined, true],
    ['LOCALHOST:1', undefined, true],
    ['[::1]:8788', undefined, true],
    ['ops.example.com:8443', ['Ops.Example.com'], true],
    ['localhost', ['Ops.Example.com'], false],
  ])(
    '%s shows the page if it is of this machine, or if %j are the names: %s',
    async (host, adminHosts, isShown) => {
      const door = createOfferAdmin({ intake, token: TOKEN, ...(adminHosts && { adminHosts }) });
      const response = await operatorBrowser(door, host).ask('funnel');
      expect([response.status, SIGN_IN.test(await response.text())]).toEqual([isShown ? 200 : 401, isShown]);
    },
  );

  it('shows no page if the list is empty, and the answer says how to get one', async () => {
    admin = createOfferAdmin({ intake, token: TOKEN, adminHosts: [] });
    const response = await operatorBrowser(admin).ask('funnel');
    expect([response.status, await response.text()]).toEqual([
      401,
      expect.stringContaining('Start the proxy with --admin-port 8788') as string,
    ]);
  });

  it.each(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'])(
    'is not trusted, even if it is of this machine, from a web server in front: %s (attack 69)',
    async (name) => {
      await browser.signIn();
      const response = await browser.ask('funnel', { headers: { [name]: 'x' } });
      expect([response.status, await response.text()]).toEqual([
        401,
        expect.stringContaining('--admin-names') as string,
      ]);
      admin = createOfferAdmin({ intake, token: TOKEN, adminHosts: ['ops.example.com'] });
      const page = operatorBrowser(admin, 'ops.example.com').read('funnel', { headers: { [name]: 'x' } });
      expect(await page).toMatch(SIGN_IN);
    },
  );

  it.each<unknown>([
    'ops.example.com',
    ['https://ops.example.com'],
    ['ops.example.com:8443'],
    [''],
    [7],
    null,
  ])('is refused when the door is made if it is invalid: %j', (adminHosts) => {
    expect(() => createOfferAdmin({ intake, token: TOKEN, adminHosts: adminHosts as string[] })).toThrow(
      expect.objectContaining({ code: 'configuration', hint: expect.stringMatching(/adminHosts/) as string }),
    );
  });
});

describe('a request that the page did not make', () => {
  beforeEach(async () => {
    await browser.signIn();
    await leaveDeadLetter();
  });

  it.each([
    ['another site', 'cross-site', 70],
    ['another host or port of the same site', 'same-site', 72],
  ])('changes nothing, although its browser has the session: %s (attacks 70, 72)', async (_, site) => {
    const form = { form_token: await browser.formToken() };
    for (const mode of ['navigate', 'cors', 'no-cors']) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
      for (const path of ['retry', 'purge', 'sign-out'])
        expect((await browser.ask(path, { headers, form })).status).toBe(403);
    }
    expect(await isStillDead()).toBe(true);
    expect(await browser.read('funnel')).toMatch(FUNNEL);
    const stranger = operatorBrowser(admin);
    const response = await stranger.signIn(TOKEN, { headers: { 'sec-fetch-site': site } });
    expect([response.status, stranger.cookies.size]).toEqual([403, 0]);
  });

  it.each(['cross-site', 'same-site', 'none'])(
    'shows nothing of it, also in a new window: %s (attacks 70, 72)',
    async (site) => {
      for (const mode of ['navigate', 'cors', 'no-cors', 'same-origin', undefined]) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
        for (const path of [
          'dead-letters',
          'live-rows',
          'funnel.csv?by=day&since=2025-01-01&until=2026-01-01',
        ]) {
          const response = await browser.ask(path, { headers });
          expect(response.status).toBe(mode === 'navigate' ? 200 : 403);
          expect(await response.text()).not.toMatch(/offer1|form_token|taken/);
        }
      }
    },
  );

  it('gets a page that then asks for the view by itself', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    const page = await browser.read('events?find=a%22b', { headers });
    expect(page).toContain('<meta http-equiv="refresh" content="0; url=events?find=a%22b"/>');
    expect(page).toContain('<a href="events?find=a%22b">');
    // Only views are asked for in this way.
    expect(await browser.read('sign-out', { headers })).toContain('content="0; url=."');
  });

  it('needs what every form of the session’s own pages sends (attack 70)', async () => {
    const colleague = operatorBrowser(admin);
    vi.setSystemTime(START + 1);
    await colleague.signIn();
    for (const form of [{}, { form_token: '' }, { form_token: await colleague.formToken() }])
      for (const path of ['retry', 'purge', 'sign-out'])
        expect((await browser.ask(path, { form: { ...form, what: 'dead', confirm: 'yes' } })).status).toBe(
          401,
        );
    expect(await isStillDead()).toBe(true);
    expect(await colleague.read('funnel')).toMatch(FUNNEL);
  });

  it('changes nothing by GET, nor by a form of another kind', async () => {
    const form_token = await browser.formToken();
    for (const path of ['retry', 'purge', 'sign-out'])
      expect((await browser.ask(`${path}?form_token=${form_token}&what=dead&confirm=yes`)).status).toBe(404);
    const headers = { 'content-type': 'text/plain' };
    expect((await browser.ask('retry', { headers, form: { form_token } })).status).toBe(401);
    const long = { form_token, more: 'x'.repeat(8_000) };
    expect((await browser.ask('retry', { form: long })).status).toBe(401);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      for (const path of ['retry', 'sign-in', 'funnel', 'style.css'])
        expect((await browser.ask(path, { method, form: { form_token, token: TOKEN } })).status).toBe(405);
    expect(await isStillDead()).toBe(true);
  });
});

describe('a browser without fetch metadata', () => {
  const old = { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, accept: 'text/html,*/*' };

  it.each([
    ['http://127.0.0.1:8788', 303],
    ['http://127.0.0.1:3000', 403],
    ['http://evil-127.0.0.1:8788', 403],
    ['https://evil.example', 403],
    ['null', 403],
    ['nonsense', 403],
  ])(
    'is trusted only if it names the page’s own origin: %s is answered %i (attack 72)',
    async (origin, status) => {
      expect((await browser.signIn(TOKEN, { headers: { ...old, origin } })).status).toBe(status);
    },
  );

  it('gets an answer that says what to do if it names no origin', async () => {
    await browser.signIn();
    const response = await browser.ask('funnel', { headers: old });
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('Use a browser of the last years') as string,
    ]);
  });
});

describe('every answer to a browser', () => {
  it('forbids frames, scripts of others, other origins and storing (attack 73)', async () => {
    await browser.signIn();
    for (const [path, headers] of [
      ['', {}],
      ['funnel', {}],
      ['funnel', { cookie: undefined }],
      ['funnel', { 'sec-fetch-site': 'cross-site' }],
      ['funnel', { 'sec-fetch-site': undefined, accept: 'text/html' }],
      ['funnel.csv?by=day&since=2026-01-01&until=2026-01-02', {}],
      ['live-rows', {}],
      ['style.css', {}],
      ['live.js', {}],
      ['nothing', {}],
    ] as const) {
      const response = await browser.ask(path, { headers });
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
          "trusted-types 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
    }
  });

  it('says in words if the intake does not answer, and an alert says what broke', async () => {
    const alerts: unknown[] = [];
    const told: unknown[] = [];
    admin = createOfferAdmin({
      intake,
      token: TOKEN,
      onAlert(...alert) {
        alerts.push(alert);
        told.push(this.token);
      },
    });
    browser = operatorBrowser(admin);
    await browser.signIn();
    vi.spyOn(intake, 'ledger').mockImplementation(() => {
      throw new Error('SQLITE_IOERR: /srv/secret');
    });
    const response = await browser.ask('funnel');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    const page = await response.text();
    expect(page).toContain('The intake does not answer.');
    expect(page).not.toContain('secret');
    await admin(
      new Request('http://proxy.invalid/admin/funnel', { headers: { authorization: `Bearer ${TOKEN}` } }),
    );
    // The same alert comes once in ten minutes.
    expect(alerts).toEqual([
      [
        'An operator’s request failed: the intake does not answer.',
        expect.objectContaining({ message: 'SQLITE_IOERR: /srv/secret' }),
        'operatorFailed',
      ],
    ]);
    // The hook can use what is beside it in the options.
    expect(told).toEqual([TOKEN]);
  });
});

it('a program is answered in JSON, and a browser that sends the password of a web server in front is none', async () => {
  const ask = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    admin(new Request('http://proxy.invalid/admin/status', { headers: { host: 'localhost', ...headers } }));
  for (const headers of [{}, { accept: '*/*' }, { authorization: 'Basic eDp5' }, { authorization: 'Bearer' }])
    expect(await (await ask(headers)).json()).toMatchObject({ status: 401, code: 'token' });
  const bearing = await ask({ authorization: `Bearer ${TOKEN}`, 'sec-fetch-site': 'cross-site' });
  expect([bearing.status, bearing.headers.get('content-type')]).toEqual([200, 'application/json']);
  await browser.signIn();
  expect(await browser.read('funnel', { headers: { authorization: 'Basic eDp5' } })).toMatch(FUNNEL);
});
