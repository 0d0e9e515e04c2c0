/** The request that a fake fetch gets. */

const held: unknown[] = [];

/**
 * The request of a call to fetch, with a signal that lasts. Node collects the signal of a copied request unless the
 * original is also held (https://github.com/nodejs/undici/issues/4068).
 */
export const requestOf = (input: RequestInfo | URL, init?: RequestInit): Request => {
  const request = new Request(input, init);
  held.push(input, request);
  return request;
};
