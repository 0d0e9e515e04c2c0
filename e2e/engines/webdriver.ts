/** The part of the W3C's WebDriver protocol that the tests need: commands of one session over HTTP. */

/** What the protocol calls an element. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** One session of a driver. */
export interface Session {
  readonly version: string;
  command(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown>;
}

/** A step of an input source, as the protocol has it. */
export type Action = Readonly<Record<string, unknown>>;

const ask = async (url: string, method: string, body?: object): Promise<unknown> => {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`WebDriver: ${error}: ${message}`);
};

/** Whether a driver listens and takes a session. */
export const isReady = async (base: string): Promise<boolean> => {
  try {
    return ((await ask(`${base}/status`, 'GET')) as { ready: boolean }).ready;
  } catch {
    // The driver does not listen yet.
    return false;
  }
};

/** Opens a session of a driver that listens. */
export const openSession = async (base: string, capabilities: object): Promise<Session> => {
  const opened = (await ask(`${base}/session`, 'POST', { capabilities: { alwaysMatch: capabilities } })) as {
    sessionId: string;
    capabilities: { browserVersion: string };
  };
  return {
    version: opened.capabilities.browserVersion,
    command: (method, path, body) =>
      ask(`${base}/session/${opened.sessionId}${path}`, method, method === 'POST' ? (body ?? {}) : undefined),
  };
};

/** Runs a function in the current window's page; its promise is awaited there. */
export const execute = (session: Session, source: string, args: readonly unknown[]): Promise<unknown> =>
  session.command('POST', '/execute/sync', { script: `return (${source})(...arguments)`, args });

/** The current page's first element of a selector. */
export const findElement = async (session: Session, selector: string): Promise<object> => {
  const found = await session.command('POST', '/element', { using: 'css selector', value: selector });
  return { [ELEMENT]: (found as Record<string, string>)[ELEMENT] };
};

/** Moves real input to the current page: a pointer, a wheel or keys, one source a time. */
export const perform = async (
  session: Session,
  type: 'pointer' | 'key' | 'wheel',
  actions: readonly Action[],
): Promise<void> => {
  await session.command('POST', '/actions', { actions: [{ type, id: type, actions }] });
  // Otherwise the source keeps its place and its pressed keys for the next page.
  await session.command('DELETE', '/actions');
};
