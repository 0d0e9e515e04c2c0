/** What a fake fetch is asked for. */

const held: unknown[] = [];

/**
 * The request of a call to fetch, whose signal lasts: in Node that of a copied one goes with the garbage, unless the
 * original is held too (https://github.com/nodejs/undici/issues/4068).
 */
export const requestOf = (input: RequestInfo | URL, init?: RequestInit): Request => {
  const request = new Request(input, init);
  held.push(input, request);
  return request;
};
