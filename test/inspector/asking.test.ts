/** What the inspector says about an endpoint that takes no events, and about a clock that is wrong. */
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
  await asking.compareClock();
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
const withDate = (response: Response, at: number): Response => {
  response.headers.set('date', new Date(at).toUTCString());
  return response;
};

describe('an endpoint', () => {
  it('is without fault if the proxy answers, and is asked with a batch that reports nothing', async () => {
    const bodies: unknown[] = [];
    const said = await saidAbout((_, body) => {
      if (body) bodies.push(JSON.parse(body));
      return Promise.resolve(withDate(problem('batch'), NOW));
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

  it('says so if a script of the page changes its address, or something gives the answer of another', async () => {
    const elsewhere = (): Response =>
      Object.defineProperty(new Response(), 'url', { value: 'https://api.example/other' });
    expect(await answering(elsewhere())).toMatch(
      /is answered with https:\/\/api\.example\/other\. Something on the way leads it there\./,
    );
    vi.spyOn(Function.prototype, 'toString').mockReturnValue('async (...all) => wrapped(...all)');
    expect(await answering(elsewhere())).toMatch(
      /went to https:\/\/api\.example\/other\. Code of this page has replaced fetch/,
    );
  });

  it('says so if an answer has no content type', async () => {
    expect(await answering(new Response(null, { status: 404 }))).toContain('answered 404 (no content type)');
  });
});

describe('an endpoint that gives no answer', () => {
  const native = (): void => {
    vi.spyOn(Function.prototype, 'toString').mockReturnValue('function fetch() { [native code] }');
  };

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
    native();
    expect(await saidAbout(onlyEndpointFails)).toMatch(
      /though this site does answer: a content blocker, another extension of this browser or a firewall drops it/,
    );
  });

  it('is not reported if the site does not answer either', async () => {
    native();
    expect(await saidAbout(failing)).toBe('Endpoint: This site does not answer at all.');
  });

  it('may be the fault of a script that has replaced fetch', async () => {
    vi.spyOn(Function.prototype, 'toString').mockReturnValue('async (...all) => wrapped(...all)');
    expect(await saidAbout(onlyEndpointFails)).toMatch(/Code of this page has replaced fetch/);
  });
});

describe('an answer that code of the page has read', () => {
  const CONSUMED =
    'POST .* was answered, and code of this page that has replaced fetch read the answer, so the tracker cannot. Let it read response.clone\\(\\).';
  const readAlready = async (): Promise<Response> => {
    const response = problem('batch');
    await response.json();
    return response;
  };
  const replaced = (isReplaced: boolean): void => {
    vi.spyOn(Function.prototype, 'toString').mockReturnValue(isReplaced ? 'wrapped()' : '[native code]');
  };
  /** What the browser saw of the request of the tracker that failed. */
  const seen = (responseStatus: number): void => {
    const entries = [{ responseStatus }] as unknown as PerformanceEntryList;
    vi.spyOn(globalThis.performance, 'getEntriesByName').mockReturnValue(entries);
  };

  it('is named', async () => {
    replaced(true);
    expect(await saidAbout(readAlready)).toMatch(new RegExp(CONSUMED));
    // What it gives may not be an answer at all.
    expect(await saidAbout(() => Promise.resolve({} as Response))).toMatch(new RegExp(CONSUMED));
  });

  it('is named if it was that of events only, since the browser saw that one arrive', async () => {
    replaced(true);
    seen(200);
    expect(await answering(problem('batch'))).toMatch(new RegExp(CONSUMED));
  });

  it('is not suspected if nothing has replaced fetch, or the request of the tracker did not arrive', async () => {
    replaced(false);
    seen(200);
    expect(await answering(problem('batch'))).toBe('');
    replaced(true);
    seen(0);
    expect(await answering(problem('batch'))).toBe('');
  });

  it('is another fault than one that broke off', async () => {
    replaced(false);
    expect(await saidAbout(readAlready)).toMatch(/The answer to POST .* broke off\.$/);
  });
});

describe('a clock', () => {
  const DAY = 86_400_000;

  it.each([
    [-3 * DAY, /Clock: This browser’s clock is ahead: .* seem to end too early; the proxy/],
    [3 * DAY, /Clock: This browser’s clock is behind: .* seem to end too late; the proxy/],
    [600_000, /clock is behind/],
  ])('is reported if it differs from the server’s by %i ms', async (by, words) => {
    expect(await answering(withDate(problem('batch'), NOW + by))).toMatch(words);
  });

  it('is not reported if it is a little off, or comes from a cache', async () => {
    expect(await answering(withDate(problem('batch'), NOW - 60_000))).toBe('');
    const stored = withDate(problem('batch'), NOW - DAY);
    stored.headers.set('age', '86400');
    expect(await answering(stored)).toBe('');
  });

  it('is compared once', async () => {
    const fetch = vi.fn(() => Promise.resolve(new Response()));
    asking = createAsking(ENDPOINT, { ...fakeRuntime(), now: () => NOW, fetch });
    await asking.compareClock();
    await asking.compareClock();
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
