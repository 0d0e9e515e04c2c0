/** A browser at the operator's page, as a server sees it: cookies, fetch metadata and forms. */
import type { OfferAdmin } from '../../src/proxy/index.js';

/** The token of the operators in tests. */
export const TOKEN = 'canary-token-0123456789-abcdefghijkl';

/** The differences from a click on a link of the page itself. */
export interface Visit {
  readonly method?: string;
  readonly host?: string;
  /** Headers that are sent beside, or left out if undefined. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly form?: Readonly<Record<string, string>>;
  /** The address of the other end. */
  readonly address?: string;
}

/** A browser with its cookies. */
export interface OperatorBrowser {
  /** The cookies, by name. */
  readonly cookies: Map<string, string>;
  ask(path: string, visit?: Visit): Promise<Response>;
  /** The text of a page. Rejects if its status is not 200. */
  read(path: string, visit?: Visit): Promise<string>;
  signIn(token?: string, visit?: Visit): Promise<Response>;
  /** What forms of the page send. */
  formToken(): Promise<string>;
  /** Sends a form of the page. */
  send(path: string, form?: Readonly<Record<string, string>>): Promise<Response>;
}

/** Opens a browser. */
export const operatorBrowser = (admin: OfferAdmin, host = '127.0.0.1:8788'): OperatorBrowser => {
  const cookies = new Map<string, string>();

  const ask: OperatorBrowser['ask'] = async (path, visit = {}) => {
    const { form, method = form ? 'POST' : 'GET', headers = {}, address } = visit;
    const sent = {
      host: visit.host ?? host,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'navigate',
      cookie: cookies.size ? [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') : undefined,
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    };
    const response = await admin(
      new Request(`http://proxy.invalid/admin/${path}`, {
        method,
        headers: Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ...(form && { body: new URLSearchParams(form).toString() }),
      }),
      { address },
    );
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return response;
  };

  const read: OperatorBrowser['read'] = async (path, visit) => {
    const response = await ask(path, visit);
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    return response.text();
  };

  const formToken = async (): Promise<string> =>
    /name="form_token" value="([^"]+)"/.exec(await read('delivery'))?.[1] ?? '';

  return {
    cookies,
    ask,
    read,
    signIn: (token = TOKEN, visit = {}) => ask('sign-in', { ...visit, form: { token, to: '' } }),
    formToken,
    send: async (path, form = {}) => ask(path, { form: { form_token: await formToken(), ...form } }),
  };
};
