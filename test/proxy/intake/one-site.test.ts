/** An intake keeps the events of one site: another site's must never leave under this one's key. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Intake } from '../../../src/proxy/index.js';
import { sqliteIntake } from '../../../src/proxy/intake/sqlite/sqlite.js';
import { temporaryFolder } from '../../support/intake.js';
import { IMPORTING_INTAKE, inProcess, outputOf } from '../../support/processes.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

let folder: ReturnType<typeof temporaryFolder>;
const opened: Intake[] = [];
const file = (): string => join(folder.path, 'intake.db');
const open = (): Intake => {
  const intake = sqliteIntake({ file: file() });
  opened.push(intake);
  return intake;
};

describe('a file', () => {
  beforeEach(() => {
    folder = temporaryFolder();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((intake) => intake.close()));
    folder.remove();
  });

  it('that belongs to one site takes every proxy of it, shows what it keeps, and refuses that of another', async () => {
    const proxies = ['acme-test', 'Acme-Test'].map((site) => startProxy({ site, intake: open() }));
    expect((await proxies[1]?.proxy(pageRequest(wireBody([wireEvent(1)]))))?.status).toBe(200);
    expect((await open().status(START)).waiting).toBe(1);
    expect(() => startProxy({ site: 'other-test', intake: open() })).toThrow(
      /configuration: .*keeps the events of the site acme-test, and this proxy is for other-test: name a file of its own/,
    );
    for (const proxy of proxies) await proxy.end();
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
  });
});
