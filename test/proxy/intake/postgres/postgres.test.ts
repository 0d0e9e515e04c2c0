/** The intake in Postgres keeps what every intake promises, with the server itself and through a pooler. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresIntake } from '../../../../src/proxy/intake/postgres/postgres.js';
import { durably } from '../../../support/answering.js';
import { admitted } from '../../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';
import { describeIntake } from '../intake.contract.js';
import { describeAnswering } from '../intake-answering.contract.js';

let places = 0;

/** Tests the contract of the intake over one server that is reached in one way. */
const describePostgres = (
  way: string,
  urlOf: (postgres: PostgresServer) => string | Promise<string>,
): void => {
  describe.skipIf(!hasPostgres)(way, () => {
    let postgres: PostgresServer;
    let connection: string;
    beforeAll(async () => {
      postgres = await startPostgres();
      connection = await urlOf(postgres);
    }, 60_000);
    afterAll(() => postgres.remove(), 60_000);

    describeIntake(`postgres ${way}`, () => {
      const name = `contract${++places}`;
      return {
        open: (options = {}) => postgresIntake({ connection, name, ...options }),
        remove: () => undefined,
      };
    });

    it('takes events beside thousands of requests that are refused, and asked for in vain', async () => {
      const intake = postgresIntake({ connection, name: `refused${++places}` });
      try {
        const asked = Array.from({ length: 10_000 }, (_, at) => intake.knows([admitted(at + 10)]));
        const over = Promise.allSettled(asked);
        const taken = await Promise.all([1, 2, 3].map((number) => intake.take([admitted(number)])));
        expect(taken.flatMap((verdicts) => [...verdicts.values()].map(({ kind }) => kind))).toEqual([
          'accepted',
          'accepted',
          'accepted',
        ]);
        await over;
      } finally {
        await intake.close();
      }
    });

    describeAnswering(`postgres ${way}`, () => {
      const name = `answering${++places}`;
      return durably(postgresIntake({ connection, name }), () => undefined);
    });
  });
};

describePostgres('with the server itself', ({ url }) => url);
describePostgres('through a pooler', (postgres) => postgres.startPooler());
