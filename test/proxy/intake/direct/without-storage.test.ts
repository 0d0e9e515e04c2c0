/** Attacks on an intake that forwards before it answers. */
import { afterEach, describe, expect, it } from 'vitest';
import { createOfferProxy, directIntake, type OfferProxy } from '../../../../src/proxy/index.js';
import {
  CANARY_KEY,
  pageRequest,
  type StartedProxy,
  startProxy,
  type UpstreamRuntime,
} from '../../../support/proxy.js';
import { wireBody, wireEvent } from '../../../support/wire.js';

/** Used only for its runtime. */
let beside: StartedProxy;
let proxy: OfferProxy;

const startDirect = (remember = 10_000): UpstreamRuntime => {
  beside = startProxy();
  const { runtime } = beside;
  proxy = createOfferProxy({
    site: 'acme-test',
    apiKey: CANARY_KEY,
    intake: directIntake({ remember }),
    runtime,
  });
  return runtime;
};

afterEach(async () => {
  await proxy.close();
  await beside.end();
});

const report = async (number = 1): Promise<string> => {
  const response = await proxy(pageRequest(wireBody([wireEvent(number)])));
  return `${response.status} ${await response.text()}`;
};

const ACCEPTED = expect.stringContaining('"accepted"') as string;

describe('an intake without storage', () => {
  it('forwards one of 100 parallel copies, and lets the others be retried (attack 41)', async () => {
    const runtime = startDirect();
    const answers = await Promise.all(Array.from({ length: 100 }, () => report()));
    expect(runtime.calls).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes('"accepted"'))).toHaveLength(1);
    expect(answers.filter((answer) => /"(deferred|duplicate)"/.test(answer))).toHaveLength(99);
  });

  it('never forgets an event that is on its way, no matter how much it has to remember (attack 56)', async () => {
    const runtime = startDirect(2);
    let answer: (response: Response) => void = () => undefined;
    runtime.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const first = report();
    await expect.poll(() => runtime.calls.length, { timeout: 15_000 }).toBe(1);
    const finish = answer;
    runtime.answer = () => new Response(null, { status: 204 });
    for (let number = 2; number < 12; number++) expect(await report(number)).toEqual(ACCEPTED);
    expect(await report()).toMatch(/"deferred"/);
    expect(runtime.calls).toHaveLength(11);
    finish(new Response(null, { status: 204 }));
    expect(await first).toEqual(ACCEPTED);
  });

  it('defers for the time that Chargebee asked for, and calls nobody meanwhile (attack 58)', async () => {
    const runtime = startDirect();
    runtime.answer = () => new Response('{}', { status: 429, headers: { 'retry-after': '17' } });
    const waits = [await report(), await report(2)].map((text) =>
      Number(/"retry_after_ms":(\d+)/.exec(text)?.[1]),
    );
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(17_000);
    expect(runtime.calls).toHaveLength(1);
  });

  it.each<[number, string]>([
    [404, 'resource_not_found'],
    [400, 'param_wrong_value'],
    [409, 'invalid_state_for_request'],
    [422, 'unable_to_process_request'],
  ])('answers in the same way to every refusal, such as %i %s (attacks 44, 51)', async (status, code) => {
    const runtime = startDirect();
    const message = `${code}: the offer of grace@example.org`;
    runtime.answer = () =>
      new Response(JSON.stringify({ message, api_error_code: code, param: 'type' }), { status });
    expect(await report()).toMatch(
      /^200 \{"v":1,"results":\[\{"id":"[^"]*","status":"refused","code":"invalid_event"\}\]\}$/,
    );
  });
});
