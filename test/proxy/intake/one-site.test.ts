/** An intake keeps the events of one site: another site's must never leave under this one's key. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Intake } from '../../../src/proxy/index.js';
import { sqliteIntake } from '../../../src/proxy/intake/sqlite/sqlite.js';
import { tallyOf, temporaryFolder } from '../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../support/processes.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

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
