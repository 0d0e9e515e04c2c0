/** What the inspector says about an endpoint that takes no events. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { problem } from '../../src/proxy/door/exchange.js';
import { type Asking, createAsking } from '../../src/tools/inspector/asking.js';
import { fakeRuntime } from '../support/runtime.js';

const ENDPOINT = `${location.origin}/offer-events`;
const NOW = Date.UTC(2026, 10, 24, 12);

let asking: Asking | undefined;
afterEach(() => {
  asking?.stop();
  vi.restoreAllMocks();
});

/** What is said once the endpoint has been asked. */
const saidAbout = async (answer: (url: string, body: string) => Promise<Response>): Promise<string> => {
  const fetch: typeof globalThis.fetch = (input, init) => answer(input as string, init?.body as string);
  asking = createAsking(ENDPOINT, { ...fakeRuntime(), now: () => NOW, fetch });
  await asking.ask({ failedAt: 1 });
  return asking
    .facts()
    .map(({ label, words }) => `${label}: ${words}`)
    .join('\n');
};

const failing = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'));
/** The site itself answers, and the endpoint does not. */
const onlyEndpointFails = (url: string): Promise<Response> =>
  url === ENDPOINT ? failing() : Promise.resolve(new Response());

const answering = (response: Response): Promise<string> => saidAbout(() => Promise.resolve(response));

describe('an endpoint', () => {
  it('is without fault if the proxy answers, and is asked with a batch that reports nothing', async () => {
    const bodies: unknown[] = [];
    const said = await saidAbout((_, body) => {
      if (body) bodies.push(JSON.parse(body));
      return Promise.resolve(problem('batch'));
    });
    expect(said).toBe('');
    expect(bodies).toEqual([{ v: 1, sent_at: NOW, events: [] }]);
  });

  it('is said to be silent if it takes the request and does not answer within 10 s', async () => {
    const runtime = fakeRuntime();
    const silent = (): Promise<Response> => new Promise(() => undefined);
    asking = createAsking(ENDPOINT, { ...runtime, now: () => NOW, fetch: silent });
    const asked = asking.ask({ failedAt: 1 });
    await runtime.advance(10_000);
    await asked;
    expect(asking.facts()[0]?.words).toMatch(/^POST .* got no answer within 10 s: /);
  });

  it('keeps its fault on show while it is asked again, and a late answer changes nothing', async () => {
    const answers: ((response: Response) => void)[] = [];
    const fetch = (): Promise<Response> => new Promise((resolve) => answers.push(resolve));
    asking = createAsking(ENDPOINT, { ...fakeRuntime(), now: () => NOW, fetch });
    const words = (): string | undefined => asking?.facts()[0]?.words;
    const first = asking.ask({ failedAt: 1 });
    answers[0]?.(new Response('', { status: 404 }));
    await first;
    const [second, third] = [asking.ask({ failedAt: 2 }), asking.ask({ failedAt: 3 })];
    expect(words()).toContain('is answered 404');
    answers[2]?.(new Response('', { status: 502 }));
    await third;
    expect(words()).toContain('is answered 502');
    answers[1]?.(problem('batch'));
    await second;
    expect(words()).toContain('is answered 502');
  });

  it('is asked once after each failure, and its fault is over when nothing fails any more', async () => {
    const fetch = vi.fn(() => Promise.resolve(new Response('', { status: 404 })));
    asking = createAsking(ENDPOINT, { ...fakeRuntime(), now: () => NOW, fetch });
    for (const failedAt of [undefined, 5, 5, 6]) await asking.ask(failedAt ? { failedAt } : undefined);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(asking.facts()).toHaveLength(1);
    await asking.ask(undefined);
    expect(asking.facts()).toEqual([]);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it.each([
    [200, /answered 200 \(text\/html\), and not by the proxy\. To do: route the path to the proxy/],
    [401, /exempt the path from the login/],
    [403, /exempt the path from the login, firewall or check of forms \(CSRF\)/],
    [404, /mount the proxy at this path, or name its path as the endpoint/],
    [405, /route the path to the proxy/],
    [429, /raise the limit of requests/],
    [502, /look whether the proxy runs/],
  ])('says what to do if something other than the proxy answers %i', async (status, words) => {
    const headers = { 'content-type': 'text/html' };
    expect(await answering(new Response('<h1>Shop</h1>', { status, headers }))).toMatch(words);
  });

  it.each([
    [
      'path',
      /The proxy refuses POST .* as “path”\. It answers another path: set path \(--path\) to this one\./,
    ],
    ['origin', /“origin”\. A machine before it drops Sec-Fetch-Site/],
    ['budget', /“budget”\. If all visitors share one address, set trustedHops\./],
    ['unavailable', /“unavailable”\. A body parser may run before it/],
    ['json', /“json”\. Something on the way changes the request\./],
  ] as const)('where the proxy refuses as “%s” says what that means', async (code, words) => {
    expect(await answering(problem(code))).toMatch(words);
  });

  it('says so if it is redirected', async () => {
    const redirected = new Response();
    Object.defineProperty(redirected, 'type', { value: 'opaqueredirect' });
    expect(await answering(redirected)).toMatch(/is redirected, which events do not follow/);
  });

  it('says so if something gives the answer of another, or has read it', async () => {
    const elsewhere = Object.defineProperty(new Response(), 'url', { value: 'https://api.example/other' });
    expect(await answering(elsewhere)).toMatch(
      /is answered with https:\/\/api\.example\/other\. Something on the way leads it there/,
    );
    const read = problem('batch');
    await read.json();
    expect(await answering(read)).toMatch(/broke off, or code of this page has read it\.$/);
  });

  it('says so if an answer has no content type', async () => {
    expect(await answering(new Response(null, { status: 404 }))).toContain('answered 404 (no content type)');
  });
});

describe('an endpoint that gives no answer', () => {
  it('is blocked by the policy that the browser names', async () => {
    const said = await saidAbout((url) => {
      document.dispatchEvent(
        Object.assign(new Event('securitypolicyviolation'), {
          ...{ blockedURI: ENDPOINT, disposition: 'enforce', effectiveDirective: 'connect-src' },
          originalPolicy: "default-src 'self'; connect-src https://stats.example; img-src *",
        }),
      );
      return onlyEndpointFails(url);
    });
    expect(said).toContain(
      `blocks POST ${ENDPOINT}: connect-src https://stats.example. Add 'self' to connect-src.`,
    );
  });

  it('is blocked by default-src if that is all the policy has, and not by one that only reports', async () => {
    const violate = (disposition: string, originalPolicy: string): boolean =>
      document.dispatchEvent(
        Object.assign(new Event('securitypolicyviolation'), {
          ...{ blockedURI: ENDPOINT, disposition, effectiveDirective: 'connect-src', originalPolicy },
        }),
      );
    const said = await saidAbout((url) => {
      violate('enforce', "default-src 'none'; script-src 'self'");
      violate('report', "default-src 'self'; connect-src 'none'");
      return onlyEndpointFails(url);
    });
    expect(said).toContain("default-src 'none'. Add 'self' to connect-src.");
  });

  it('is dropped by something in between if the site itself answers', async () => {
    expect(await saidAbout(onlyEndpointFails)).toMatch(
      /though this site does answer: a content blocker, another extension of this browser, a firewall or code of this page drops it/,
    );
  });

  it('is not reported if the site does not answer either', async () => {
    expect(await saidAbout(failing)).toBe('Endpoint: This site does not answer at all.');
  });
});
