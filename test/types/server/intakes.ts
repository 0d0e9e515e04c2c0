/** Calls of the intakes' entries that must and must not compile. */
import type { AdmittedEvent, Intake } from 'offersight/proxy';
import { postgresIntake } from 'offersight/proxy/postgres';
import { sqliteIntake } from 'offersight/proxy/sqlite';

export const intakes: readonly Intake[] = [
  sqliteIntake({ file: 'events.sqlite' }),
  sqliteIntake({ file: 'events.sqlite', maxWaiting: 1_000, ambiguous: 'atMostOnce' }),
  postgresIntake({ connection: 'postgres://127.0.0.1/shop' }),
  postgresIntake({
    connection: { host: '127.0.0.1', database: 'shop' },
    name: 'shop',
  }),
];
// @ts-expect-error a file is named
sqliteIntake({});
// @ts-expect-error a word that is no policy
sqliteIntake({ file: 'events.sqlite', ambiguous: 'never' });
// @ts-expect-error a connection is named
postgresIntake({ name: 'shop' });
// @ts-expect-error a port is a number
postgresIntake({ connection: { port: '5432' } });

declare const intake: Intake;
declare const event: AdmittedEvent;
intake.take([{ ...event, type: 'dismissed' }]);
// @ts-expect-error what the billing system reported is only counted
intake.take([{ ...event, type: 'accepted' }]);
