/** What only the proxy knows, asked at its listener for operators. The token goes only to that origin. */
import type { Ask } from '../http/asking.js';
import type { LaneSeen, OperatorSeen } from '../observed.js';

/** Where to ask, and as whom. */
export interface AdminOptions {
  /** The admin route, such as `http://127.0.0.1:8788/admin/`. */
  readonly url: string;
  readonly token: string;
}

interface Status {
  readonly all?: { readonly refused?: unknown };
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
  const { lanes = {}, all = {} } = asked.kind === 'answered' ? parse(asked.text) : {};
  // A web server that passes on only the admin route answers other paths by itself.
  const isProbe = probe.kind === 'answered' && /^(?:not )?ready\n$/.test(probe.text);
  return {
    ...{ url: base, asked, at },
    lanes: Object.entries(lanes).map(([name, lane]) => laneOf(name, lane)),
    refused: numberOf(all.refused) ?? 0,
    ...(isProbe && { ready: probe.status }),
  };
};
