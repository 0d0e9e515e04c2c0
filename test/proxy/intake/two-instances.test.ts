/** Two proxies of one site that share an intake's file, as behind a load balancer. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/intake.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

let folder: ReturnType<typeof temporaryFolder>;
let instances: StartedProxy[];

beforeEach(() => {
  folder = temporaryFolder();
  instances = [1, 2].map(() => startProxy({ intake: intakeHere({ file: join(folder.path, 'shared.db') }) }));
});

afterEach(async () => {
  for (const instance of instances) await instance.end();
  folder.remove();
});

/** The status that an instance gives to one event. */
const statusOf = async ({ proxy }: StartedProxy, body: string): Promise<unknown> => {
  const reply = (await (await proxy(pageRequest(body))).json()) as { results: { status: unknown }[] };
  return reply.results[0]?.status;
};

describe('the same event at two instances at the same moment', () => {
  it('is accepted by one, a duplicate for the other, and forwarded once (fault 63)', async () => {
    const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
    const statuses = await Promise.all(
      numbers.map((number) =>
        Promise.all(instances.map((instance) => statusOf(instance, wireBody([wireEvent(number)])))),
      ),
    );
    expect(statuses.map((both) => both.toSorted())).toEqual(numbers.map(() => ['accepted', 'duplicate']));
    for (let second = 0; second < 40; second++) {
      for (const { runtime } of instances) await runtime.advance(1_000);
    }
    const keys = instances.flatMap(({ runtime }) => runtime.calls.map(({ key }) => key));
    expect(keys.toSorted()).toEqual(numbers.map((number) => `oe1-${eventId(number)}`));
  });
});
