// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Post, type PostInit, post as postByKy } from '../../../../src/client/later/delivery/post.js';
import { post as postByFetch } from '../../../../src/client/later/delivery/post-script.js';
import { requestOf } from '../../../support/request-of.js';

const URL_OF_PROXY = 'https://shop.example/offer-events';

/** Answers as a network does. */
type Answer = (request: Request) => Response | Promise<Response>;

/** Runs the promises of {@link Post}. */
const describePost = (post: Post): void => {
  let requests: Request[];
  let controller: AbortController;

  beforeEach(() => {
    requests = [];
    controller = new AbortController();
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const send = (answer: Answer, more: Partial<PostInit> = {}): Promise<Response> =>
    post(URL_OF_PROXY, {
      body: '{"v":1}',
      headers: { 'content-type': 'application/json' },
      fetch: async (input, init) => {
        const request = requestOf(input, init);
        requests.push(request);
        return answer(request);
      },
      signal: controller.signal,
      redirect: 'error',
      cache: 'no-store',
      keepalive: true,
      ...more,
    });

  describe('one POST', () => {
    test.each([
      { keepalive: true, redirect: 'error', cache: 'no-store' },
      { keepalive: false, redirect: 'follow', cache: 'default' },
    ] as const)('says what it was given, and nothing else: %o', async (more) => {
      await send(() => new Response('{}'), more);
      const [request] = requests;
      expect(requests).toHaveLength(1);
      expect(request).toMatchObject({
        url: URL_OF_PROXY,
        method: 'POST',
        credentials: 'same-origin',
        ...more,
      });
      expect(request?.headers.get('content-type')).toBe('application/json');
      await expect(request?.text()).resolves.toBe('{"v":1}');
    });

    test('goes through the fetch that it was given, and through no other', async () => {
      vi.stubGlobal('fetch', () => expect.unreachable('another fetch'));
      await expect(send(() => new Response('mine')).then((given) => given.text())).resolves.toBe('mine');
      vi.unstubAllGlobals();
    });

    test('waits by no timer of its own', async () => {
      let timers: number | undefined;
      await send(() => {
        timers = vi.getTimerCount();
        return new Response('{}');
      });
      expect([timers, vi.getTimerCount()]).toEqual([0, 0]);
    });
  });

  describe('with any answer of the other side', () => {
    test.each([200, 204, 301, 404, 408, 413, 429, 500, 503])(
      'a %i is an answer, and is not asked for again',
      async (status) => {
        const body = status === 204 ? null : 'what it says';
        const response = await send(() => new Response(body, { status, headers: { 'retry-after': '1' } }));
        await vi.advanceTimersByTimeAsync(60_000);
        expect([response.status, requests.length]).toEqual([status, 1]);
        expect(response.headers.get('retry-after')).toBe('1');
        await expect(response.text()).resolves.toBe(body ?? '');
      },
    );
  });

  describe('a network that fails', () => {
    test('rejects with its own error, or with a NetworkError that has it as its cause, once', async () => {
      const refused = new TypeError('Failed to fetch');
      const rejected: unknown = await send(() => Promise.reject(refused)).catch((error: unknown) => error);
      const { name, cause } = rejected as Error;
      expect(name === 'NetworkError' ? cause : rejected).toBe(refused);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(requests).toHaveLength(1);
    });
  });

  test.each([
    ['answer', false],
    ['body', true],
  ])('an abort ends the wait for the %s', async (_, isAnswered) => {
    const sent = send(({ signal }) => {
      const ended = (end: (cause: unknown) => void): void =>
        signal.addEventListener('abort', () => end(signal.reason));
      if (!isAnswered) return new Promise((__, reject) => ended(reject));
      return new Response(new ReadableStream({ start: (stream) => ended((cause) => stream.error(cause)) }));
    }).then((response) => response.text());
    const settled = vi.fn();
    sent.then(settled, settled);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(settled).not.toHaveBeenCalled();
    controller.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(requests).toHaveLength(1);
  });
};

describe('posting by ky, as the module does', () => describePost(postByKy));
describe('posting by fetch, as the script file does', () => describePost(postByFetch));
