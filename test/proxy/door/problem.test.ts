/** The status of each problem is the one that the documents promise: proxies before it and pages go by it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProblemCode, problemReply } from '../../../src/proxy/door/exchange.js';

/** The rows of “The wire, version 1”: a status, and its codes. */
const PROMISED = readFileSync('docs/architecture.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, status, codes = ''] = /^\| (\d{3}) +\| ((?:`\w+`(?:, )?)+) *\|/.exec(line) ?? [];
    return status
      ? [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code as ProblemCode, Number(status)] as const)
      : [];
  });

describe('the status of a problem', () => {
  it('is promised for each that a page can meet', () => {
    expect(PROMISED).toHaveLength(14);
  });

  it.each([
    ...PROMISED,
    // What only operators, and who opens the inspector, can meet.
    ['token', 401],
    ['tokens', 429],
    ['query', 400],
    ['request', 400],
    ['inspect', 403],
  ] as const)('%s is %i', (code, status) => {
    const reply = problemReply(code);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toMatchObject({
      status,
      code,
      type: `urn:offersight:problem:${code}`,
    });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
  });
});
