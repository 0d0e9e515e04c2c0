/** An intake keeps the events of one site: another site's must never leave under this one's key. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Intake } from '../../../src/proxy/index.js';
import { redisIntake } from '../../../src/proxy/intake/redis/redis.js';
import { sqliteIntake } from '../../../src/proxy/intake/sqlite/sqlite.js';
import { admitted, tallyOf, temporaryFolder } from '../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../support/processes.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { hasRedis, type RedisServer, startRedis } from '../../support/redis.js';
import { EARLIER_LAYOUT } from '../../support/sqlite.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';
import { begin, begun } from './intake.contract.js';

/** An error that names both sites and says what to do. */
const refusal = (owner: string, site: string, remedy: RegExp): unknown =>
  expect.objectContaining({
    name: 'OffersightError',
    code: 'configuration',
    hint: expect.stringMatching(
      new RegExp(`keeps the events of the site ${owner}, and this proxy is for ${site}: .*${remedy.source}`),
    ) as string,
  });

describe('a file', () => {
  const folder = { path: '', remove: (): void => undefined };
  const opened: Intake[] = [];
  const file = (): string => join(folder.path, 'intake.db');
  const open = (): Intake => {
    const intake = sqliteIntake({ file: file() });
    opened.push(intake);
    return intake;
  };

  beforeEach(() => Object.assign(folder, temporaryFolder()));

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((intake) => intake.close()));
    folder.remove();
  });

  it('that belongs to one site refuses the proxy of another when it is created', async () => {
    const first = startProxy({ site: 'acme-test', intake: open() });
    expect(() => startProxy({ site: 'other-test', intake: open() })).toThrow(
      refusal('acme-test', 'other-test', /name a file of its own/),
    );
    await first.end();
  });

  it('takes every further proxy of its site, no matter in which case its name is written', async () => {
    const proxies = ['acme-test', 'Acme-Test', 'acme-test'].map((site) =>
      startProxy({ site, intake: open() }),
    );
    expect((await proxies[1]?.proxy(pageRequest(wireBody([wireEvent(1)]))))?.status).toBe(200);
    for (const proxy of proxies) await proxy.end();
  });

  it('that an earlier release wrote without a name belongs to the first site that opens it', async () => {
    await open().take([admitted(1)]);
    const database = new Database(file());
    database.exec(`${EARLIER_LAYOUT} DROP TABLE site`);
    database.close();
    open().claim('acme-test');
    expect(() => open().claim('other-test')).toThrow(refusal('acme-test', 'other-test', /file of its own/));
  });

  it('shows what it keeps to programs that do not name a site', async () => {
    open().claim('acme-test');
    const reader = open();
    expect([await tallyOf(reader), (await reader.status(START)).waiting]).toEqual([[], 0]);
  });

  it('belongs to one site if the proxies of several open a new file at the same moment', async () => {
    const gate = join(folder.path, 'go');
    const sites = ['acme-test', 'other-test', 'third-test'];
    open();
    const racers = sites.map((site) =>
      inProcess(`
        import { existsSync } from 'node:fs';
        ${IMPORTING_INTAKE}
        const intake = sqliteIntake({ file: ${JSON.stringify(file())} });
        console.log('ready');
        while (!existsSync(${JSON.stringify(gate)}));
        try {
          intake.claim(${JSON.stringify(site)});
          console.log('won');
        } catch (error) {
          console.log(error.code);
        }`),
    );
    const outputs = racers.map(outputOf);
    await Promise.all(racers.map(({ stdout }) => new Promise((resolve) => stdout?.once('data', resolve))));
    writeFileSync(gate, '');
    expect((await Promise.all(outputs)).sort()).toEqual([
      'ready\nconfiguration\n',
      'ready\nconfiguration\n',
      'ready\nwon\n',
    ]);
  }, 20_000);
});

describe.skipIf(!hasRedis)('a queue in Redis', () => {
  let redis: RedisServer;
  let name: string;
  let places = 0;
  const opened: Intake[] = [];
  const open = (site?: string): Intake => {
    const intake = redisIntake({ url: redis.url, name });
    opened.push(intake);
    if (site !== undefined) intake.claim(site);
    return intake;
  };

  beforeAll(async () => {
    redis = await startRedis();
    return () => redis.remove();
  }, 20_000);

  beforeEach(() => {
    name = `site${++places}`;
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((intake) => intake.close()));
  });

  it('that belongs to one site answers the proxy of another with 503, and neither sends what the other took', async () => {
    const ours = open('acme-test');
    await ours.take([admitted(1)]);
    const alerts: string[] = [];
    const seen = new Set<string>();
    let sawBoth = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      sawBoth = resolve;
    });
    const other = startProxy({
      site: 'other-test',
      intake: open(),
      onAlert: (message) => void alerts.push(message),
      onObservation(observation) {
        if (observation.kind === 'alert') seen.add(observation.code);
        // The door and the forwarder see it.
        if (seen.has('notTaken') && seen.has('intakeFailed')) sawBoth();
      },
    });
    const response = await other.proxy(pageRequest(wireBody([wireEvent(2)])));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await both;
    expect(alerts).toEqual([
      "The intake's queue in Redis keeps the events of the site acme-test, and this proxy is for other-test: " +
        'give each site a name of its own by name or --name, or another database, such as redis://localhost:6379/1.',
    ]);
    await other.end();
    expect(other.runtime.calls).toEqual([]);
    expect(await ours.list({ limit: 9 })).toMatchObject([{ id: eventId(1), state: 'waiting', attempts: 0 }]);
    expect(await ours.lead('ours', START)).toBe(true);
    expect(await begun(ours)).toEqual([1]);
  });

  it('does not let another site lead or begin events in either lane', async () => {
    const ours = open('acme-test');
    const usage = { subscriptionId: 's', properties: {} };
    await ours.take([admitted(1, { usage })]);
    const other = open('other-test');
    const refused = refusal('acme-test', 'other-test', /name of its own/);
    for (const lane of [other, other.usage]) {
      await expect(lane.lead('other', START)).rejects.toEqual(refused);
      await expect(lane.begin({ now: START, limit: 9, perMinute: 9 })).rejects.toEqual(refused);
      await expect(lane.status(START)).rejects.toEqual(refused);
    }
    await expect(other.take([admitted(2)])).rejects.toEqual(refused);
    await expect(other.knows([admitted(1)])).rejects.toEqual(refused);
    expect((await begin(ours)).rows).toHaveLength(1);
  });

  it('shows another site nothing of what it keeps, and shows it to programs that do not name a site', async () => {
    await open('acme-test').take([admitted(1)]);
    const other = open('other-test');
    const firstOf = (portions: AsyncIterable<unknown>): Promise<unknown> =>
      portions[Symbol.asyncIterator]().next();
    const looks: readonly ((intake: Intake) => Promise<unknown>)[] = [
      (intake) => intake.list({ limit: 9 }),
      (intake) => intake.usage.list({ limit: 9 }),
      (intake) => intake.list({ limit: 9, visitor: 'somebody' }),
      (intake) => firstOf(intake.tally()),
      (intake) => firstOf(intake.ledger()),
      (intake) => intake.nameKey(),
      (intake) => intake.sessionsEnded(),
      (intake) => intake.resign('token'),
    ];
    const refused = refusal('acme-test', 'other-test', /name of its own/);
    for (const look of looks) {
      await expect(look(other)).rejects.toEqual(refused);
      await look(open());
    }
  });

  it('that version 0.1 wrote for one site is neither shown to another nor moved by it', async () => {
    await redis.admin.set(`{${name}}/site`, 'acme-test');
    const refused = refusal('acme-test', 'other-test', /name of its own/);
    const other = open('other-test');
    await expect(other.nameKey()).rejects.toEqual(refused);
    await expect(other.take([admitted(1)])).rejects.toEqual(refused);
    await expect(other.list({ limit: 9 })).rejects.toEqual(refused);
    expect(await redis.admin.exists(`{${name}}.intake`)).toBe(0);
    await open('acme-test').take([admitted(1)]);
    expect(await redis.admin.hget(`{${name}}.intake`, 'site')).toBe('acme-test');
  });

  it('belongs to one site if those of several come first at the same moment', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, at) => open(`site-${at}`)).map((intake, at) =>
        intake.take([admitted(at + 1)]).then(
          () => 'taken',
          (error: unknown) => (error as { code?: unknown }).code,
        ),
      ),
    );
    expect(outcomes.sort()).toEqual([...Array.from({ length: 7 }, () => 'configuration'), 'taken']);
    expect(await open().list({ limit: 9 })).toHaveLength(1);
  });

  it('that an earlier release wrote belongs to the first site that asks, also while Redis is full', async () => {
    await open().take([admitted(1)]);
    await redis.admin.config('SET', 'maxmemory', '1');
    try {
      expect(await open('acme-test').lead('only', START)).toBe(true);
    } finally {
      await redis.admin.config('SET', 'maxmemory', '0');
    }
    await expect(open('other-test').lead('other', START)).rejects.toEqual(
      refusal('acme-test', 'other-test', /another database/),
    );
  });

  it('that was opened once cannot be given to the proxies of two sites', () => {
    const intake = open('acme-test');
    expect(() => intake.claim('acme-test')).not.toThrow();
    expect(() => intake.claim('other-test')).toThrow(refusal('acme-test', 'other-test', /name of its own/));
  });
});
