/** What only the proxy knows, asked at its listener for operators. The token goes only to that origin. */
import type { Ask } from '../http/asking.js';
import type { DoorSeen, LaneSeen, OperatorSeen } from '../observed.js';

/** Where to ask, and as whom. */
export interface AdminOptions {
  /** The admin route, such as `http://127.0.0.1:8788/admin/`. */
  readonly url: string;
  readonly token: string;
}

interface Status {
  readonly door?: unknown;
  readonly sums?: { readonly last30Days?: { readonly refused?: unknown } };
  readonly lanes?: Readonly<Record<string, unknown>>;
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const laneOf = (name: string, given: unknown): LaneSeen => {
  const { waiting, oldestAt, note } = (given ?? {}) as Record<string, unknown>;
  const { alert, pausedUntil } = (note ?? {}) as Record<string, unknown>;
  const oldest = numberOf(oldestAt);
  const paused = numberOf(pausedUntil);
  return {
    ...{ name, waiting: numberOf(waiting) ?? 0 },
    ...(oldest !== undefined && { oldestAt: oldest }),
    ...(paused !== undefined && { pausedUntil: paused }),
    ...(typeof alert === 'string' && { alert }),
  };
};

const countsOf = (given: unknown): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(given ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );

const doorOf = (given: unknown): DoorSeen => {
  const { alerts, requests, refused } = (given ?? {}) as Record<string, unknown>;
  return {
    alerts: (Array.isArray(alerts) ? alerts : []).flatMap((alert: unknown) => {
      const { message } = (alert ?? {}) as Record<string, unknown>;
      return typeof message === 'string' ? [message] : [];
    }),
    ...{ requests: countsOf(requests), refused: countsOf(refused) },
  };
};

const parse = (text: string): Status => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};

/** Asks for the status and for readiness. No redirect is followed, since the token would go along. */
export const askOperator = async (
  ask: Ask,
  { url, token }: AdminOptions,
  at: number,
): Promise<OperatorSeen> => {
  const base = url.endsWith('/') ? url : `${url}/`;
  const [asked, probe] = await Promise.all([
    ask(new URL('status?limit=1', base).href, { headers: { authorization: `Bearer ${token}` } }),
    ask(new URL('/readyz', base).href),
  ]);
  const { lanes = {}, sums, door } = asked.kind === 'answered' ? parse(asked.text) : {};
  // A web server that passes on only the admin route answers other paths by itself.
  const isProbe = probe.kind === 'answered' && /^(?:not )?ready\n$/.test(probe.text);
  return {
    ...{ url: base, asked, at },
    lanes: Object.entries(lanes).map(([name, lane]) => laneOf(name, lane)),
    refused: numberOf(sums?.last30Days?.refused) ?? 0,
    door: doorOf(door),
    ...(isProbe && { ready: probe.status }),
  };
};
