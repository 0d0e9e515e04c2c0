/** Links that open the inspector: the proxy says whether one does. */

import type { Runtime } from '../../runtime.js';

/** What a link's hash begins with; the offer part has it again, since there a shared name would cost bytes. */
export const PREFIX = '#offersight-inspect=';

/** A code says until when it holds, where the operator's page is, and the proxy's word for both and for the path. */
const CODE = /^[\da-z]{1,9}\.([\w-]*)\.[\w-]{43}$/;

/** How long an endpoint may take before it counts as one that does not answer, milliseconds. */
const PATIENCE_MS = 10_000;

/** What a link that holds says. */
export interface Inspection {
  /** The address of the operator's page, if the link has it. */
  readonly operatorUrl: string | undefined;
}

const fromBase64Url = (text: string): string =>
  new TextDecoder().decode(
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
      character.charCodeAt(0),
    ),
  );

/**
 * Asks the proxy whether this page's link holds.
 * @returns What it says; nothing if there is none, or the proxy says no.
 * @throws If the proxy itself did not answer within ten seconds.
 */
export const askByLink = async (
  endpoint: string,
  runtime: Pick<Runtime, 'fetch'>,
): Promise<Inspection | undefined> => {
  const code = location.hash.startsWith(PREFIX) ? location.hash.slice(PREFIX.length) : '';
  const [, operator] = CODE.exec(code) ?? [];
  if (operator === undefined) return undefined;
  const response = await runtime.fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, inspect: code, path: location.pathname }),
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const reply = (await response.json()) as { readonly inspect?: unknown; readonly code?: unknown };
  if (response.status === 200 && reply.inspect === true)
    return { operatorUrl: fromBase64Url(operator) || undefined };
  if (reply.code === 'inspect') return undefined;
  throw new Error(`it answered ${response.status}`);
};
