/** Calls of `offersight/testing/node` that must and must not compile. */
import {
  type Dev,
  type DevEvent,
  type DevOptions,
  startDev,
  startUpstream,
  type Upstream,
} from 'offersight/testing/node';

const options = { folder: 'shop', port: 0, upstreamPort: 0, anyId: true } satisfies DevOptions;
export const dev: Promise<Dev> = startDev(options);
export const statesOf = ({ events }: Dev): readonly DevEvent['state'][] => events().map(({ state }) => state);
export const upstream: Promise<Upstream> = startUpstream({
  apiKey: 'test_key',
  offers: { known_only: true },
});
export const breakIt = ({ addFaults }: Upstream): void =>
  addFaults([{ kind: 'down' }, { kind: 'status', status: 503, retry_after: 3, count: 2 }]);
// @ts-expect-error a port is a number
startDev({ port: '4400' });
// @ts-expect-error an unknown option
startDev({ any: true });
// @ts-expect-error the mock API needs the key that it takes
startUpstream({});
// @ts-expect-error a delay has its length
export const late = ({ addFaults }: Upstream): void => addFaults({ kind: 'delay' });
