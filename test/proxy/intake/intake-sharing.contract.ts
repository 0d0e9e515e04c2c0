import { describe, expect, it } from 'vitest';
import type { Heard, Intake, Spent } from '../../../src/proxy/index.js';
import { START } from '../../support/wire.js';
import type { Bench } from './intake.contract.js';

const ADDRESS = 'address 203.0.113.9';
const USER = 'subject ada';

/** What a process reports: events by name. */
const told = (spent: Readonly<Record<string, number>>): Spent[] =>
  Object.entries(spent).map(([name, events]) => ({ name, events }));

export const describeSharing = ({ open }: Bench): void => {
  /** A process of its own, which reports to the others and hears of them. */
  const join = (process: string, intake: Intake = open()) => {
    // Every intake here can.
    const share = intake.share as NonNullable<Intake['share']>;
    return (spent: Readonly<Record<string, number>> = {}, at = 0): Promise<Heard | undefined> =>
      share(process, told(spent), START + at);
  };

  describe('lets processes share their budgets', () => {
    it('hears nothing while it is the only one, and stores nothing', async () => {
      const one = join('one');
      expect(await one({ [ADDRESS]: 5 })).toBeUndefined();
      expect(await one({ [ADDRESS]: 5 }, 1_000)).toBeUndefined();
      const other = join('other');
      expect(await other({}, 1_500)).toEqual({ names: [], others: [] });
    });

    it('hears once what each other one reported, added up, by names that say nothing', async () => {
      const [one, other, third] = [join('one'), join('other'), join('third')];
      await Promise.all([one(), other(), third()]);
      const { names = [] } = (await one({ [ADDRESS]: 5, [USER]: 2 }, 1_000)) ?? {};
      const [address = '', user = ''] = names;
      for (const name of [address, user]) expect(name).toMatch(/^[\w-]{22}$/);
      expect(address).not.toBe(user);
      await one({ [ADDRESS]: 4 }, 2_000);
      expect(await other({ [USER]: 1 }, 2_100)).toEqual({
        names: [user],
        others: [
          { name: address, events: 9 },
          { name: user, events: 2 },
        ],
      });
      expect(await other({}, 2_200)).toEqual({ names: [], others: [] });
      // Nobody hears of himself.
      expect((await one({ [ADDRESS]: -3 }, 2_300))?.others).toEqual([{ name: user, events: 1 }]);
      expect(await other({}, 2_400)).toEqual({ names: [], others: [{ name: address, events: -3 }] });
      expect((await third({}, 2_500))?.others).toEqual([
        { name: address, events: 6 },
        { name: user, events: 3 },
      ]);
    });

    it('hears what came before it began, and after it was opened again', async () => {
      const [one, other] = [join('one'), join('other')];
      await other();
      await one({ [ADDRESS]: 5 });
      const { others = [] } = (await join('late')({}, 1_000)) ?? {};
      expect(others.map(({ events }) => events)).toEqual([5]);
    });
  });
};
