/** The real version 0.1, as it was released: an intake that it has used for a while, and a proxy of its own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AdmittedEvent, Intake } from '../../../src/proxy/index.js';
import { admitted } from '../../support/intake.js';
import { begin } from '../intake/intake.contract.js';

const FIXTURE = join(import.meta.dirname, '../../support/intake-proxy.ts');
const RELEASED = new URL('../../../e2e/fixtures/releases/0.1.0/proxy.js', import.meta.url);
/** What tests use of it has the same types as this version. */
export const release = (await import(RELEASED.href)) as {
  sqliteIntake(options: { readonly file: string }): Intake;
};

/** Numbers of remembered events: no client makes these. */
const FROM = 5_000_000;
const BATCH = 500;

/** Lets an intake remember so many events, which were delivered just now. */
export const remember = async (intake: Intake, many: number): Promise<readonly AdmittedEvent[]> => {
  const now = Date.now();
  const events = Array.from({ length: many }, (_, at) => admitted(FROM + at, { receivedAt: now }));
  for (let from = 0; from < many; from += BATCH) await intake.take(events.slice(from, from + BATCH));
  await intake.lead('before', now);
  for (let done = 0; done < many; ) {
    const { rows } = await begin(intake, now, BATCH, 10_000_000);
    if (!rows.length) throw new Error('Nothing begins.');
    await intake.finish(
      rows.map(({ id }) => ({ id, result: { kind: 'done' } })),
      now,
    );
    done += rows.length;
  }
  await intake.resign('before');
  await intake.close();
  return events;
};

/** Starts a proxy of 0.1 on an intake, named as `intake-proxy.ts` takes it. */
export const startOld = async (
  ...args: readonly string[]
): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', FIXTURE, '--release', '0.1.0', '--per-minute', '1000000', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url };
};
