/** What every way to post promises. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Post, PostInit } from '../../../../src/client/later/delivery/post.js';
import { requestOf } from '../../../support/request-of.js';

const URL_OF_PROXY = 'https://shop.example/offer-events';

/** Answers as a network does. */
type Answer = (request: Request) => Response | Promise<Response>;

/** Runs the promises of {@link Post}. */
export const describePost = (post: Post): void => {
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
    test('says what it was given, and nothing else', async () => {
      await send(() => new Response('{}'));
      const [request] = requests;
      expect(requests).toHaveLength(1);
      expect(request).toMatchObject({
        url: URL_OF_PROXY,
        method: 'POST',
        redirect: 'error',
        cache: 'no-store',
        credentials: 'same-origin',
        keepalive: true,
      });
      expect(request?.headers.get('content-type')).toBe('application/json');
      await expect(request?.text()).resolves.toBe('{"v":1}');
    });

    test('says also what is switched off', async () => {
      await send(() => new Response('{}'), { keepalive: false, redirect: 'follow', cache: 'default' });
      expect(requests[0]).toMatchObject({ keepalive: false, redirect: 'follow', cache: 'default' });
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
    test.each([200, 201, 204, 301, 400, 401, 404, 408, 413, 429, 500, 502, 503, 504])(
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

    test('an answer without JSON is an answer', async () => {
      const response = await send(() => new Response('<!doctype html>'));
      await expect(response.text()).resolves.toBe('<!doctype html>');
    });
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

  describe('an abort', () => {
    const hang = (request: Request): Promise<Response> =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
      });

    test('ends the wait for the answer', async () => {
      const sent = send(hang);
      const settled = vi.fn();
      sent.then(settled, settled);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(settled).not.toHaveBeenCalled();
      controller.abort();
      await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
      expect(requests).toHaveLength(1);
    });

    test('ends the wait for the body too', async () => {
      const response = await send(
        ({ signal }) =>
          new Response(
            new ReadableStream({
              start(stream) {
                signal.addEventListener('abort', () => stream.error(signal.reason));
              },
            }),
          ),
      );
      const text = response.text();
      controller.abort();
      await expect(text).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
};
