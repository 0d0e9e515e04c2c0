/** Whether the inspector asks `offersight dev` for the last step of events. */
import { afterEach, expect, it, vi } from 'vitest';
import { createUpstream } from '../../src/tools/inspector/upstream.js';

const ENDPOINT = `${location.origin}/offer-events`;
const marked = (name: string) =>
  vi
    .spyOn(performance, 'getEntriesByName')
    .mockReturnValue([{ serverTiming: [{ name }] } as unknown as PerformanceEntry]);
afterEach(() => void vi.restoreAllMocks());

it('does not ask where the endpoint is another server’s', async () => {
  marked('other');
  const fetch = vi.fn();
  expect([...(await createUpstream(ENDPOINT, { fetch })())]).toEqual([]);
  expect(fetch).not.toHaveBeenCalled();
});

it('asks again and again, and keeps what it knows while there is no answer', async () => {
  marked('offersight-dev');
  const event = { id: 'one', state: 'delivered' };
  const fetch = vi
    .fn()
    .mockResolvedValueOnce(Response.json({ events: [event] }))
    .mockRejectedValueOnce(new TypeError('no answer'))
    .mockResolvedValueOnce(Response.json({ events: [] }));
  const ask = createUpstream(ENDPOINT, { fetch });
  expect((await ask()).get('one')).toEqual(event);
  expect((await ask()).get('one')).toEqual(event);
  expect((await ask()).size).toBe(0);
});

it('asks no more where a server passes on only the endpoint', async () => {
  marked('offersight-dev');
  const fetch = vi.fn(() => Promise.resolve(new Response(null, { status: 404 })));
  const ask = createUpstream(ENDPOINT, { fetch });
  await ask();
  await ask();
  expect(fetch).toHaveBeenCalledTimes(1);
});
