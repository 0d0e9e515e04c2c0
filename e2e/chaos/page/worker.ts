/** A service worker that lies. The site puts the name of its lie before this code. */
declare const LIE: 'portal' | 'replay';

interface Fetched extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}
interface Worker extends EventTarget {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const REPLAY_MS = 1_500;
const worker = globalThis as unknown as Worker;
worker.addEventListener('install', () => void worker.skipWaiting());
worker.addEventListener('activate', (event) => (event as Fetched).waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event as Fetched;
  if (!request.url.endsWith('/offer-events')) return;
  const html = { headers: { 'content-type': 'text/html' } };
  if (LIE === 'portal') {
    (event as Fetched).respondWith(Promise.resolve(new Response('<h1>You are offline</h1>', html)));
    return;
  }
  const copy = request.clone();
  (event as Fetched).respondWith(fetch(request));
  (event as Fetched).waitUntil(
    copy
      .text()
      .then(async (body) => {
        await new Promise((resolve) => setTimeout(resolve, REPLAY_MS));
        await fetch(copy.url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      })
      .catch(() => undefined),
  );
});

export {};
