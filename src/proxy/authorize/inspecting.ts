/**
 * Links that open the inspector on one page for an hour. Only holders of the secret can make them.
 * The proxy says whether a code was made with it, so no visitor can make one.
 */
import { OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import { isMacOf, keyOf, macOf, toBase64Url, WRITTEN_MAC } from './mac.js';
import { checkSecrets } from './signature.js';

/** Options of {@link inspectLink}. */
export interface InspectLinkOptions {
  /**
   * What the link is made with, shared with the proxy's `inspectSecret` and with nobody else.
   * @range at least 32 characters
   * @example `secrets.admin`
   */
  readonly secret: string;
  /**
   * Where the operator's page is: the inspector's events link to it.
   * @default no links
   * @range an address of at most 300 characters with a slash at the end
   * @example `'https://ops.example/admin/'`
   */
  readonly operatorUrl?: string | undefined;
  /**
   * What time it is, epoch milliseconds, for tests.
   * @default the machine's clock
   * @range a function
   * @example `() => Date.now()`
   */
  readonly now?: (() => number) | undefined;
}

/** The purpose of the secret, for the message about an unusable one. */
export const INSPECTING = 'Make links to the inspector with';

const LINK_MS = 3_600_000;
const HASH = '#offersight-inspect=';
/** As base64url it has 400. */
const LONGEST_OPERATOR = 300;
/** Until when it holds, the operator's page in base64url, and the MAC. */
const CODE = new RegExp(`^([\\da-z]{1,9})\\.([\\w-]{0,400})\\.(${WRITTEN_MAC})$`);
/** No other use of the same secret can be mistaken for this one. */
const PURPOSE = 'offersight inspect 1';

const messageOf = (path: string, end: string, operator: string): string =>
  JSON.stringify([PURPOSE, path, end, operator]);

/** A web page's address, whole. */
const webUrl = (name: string, text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new OffersightError(
      'configuration',
      `Set ${name} to a whole address, such as https://shop.example/.`,
    );
  return url;
};

/** What comes behind its slash is a view's name. */
const operatorsOf = (text: string): string => {
  const { href, search, hash } = webUrl('the operator’s page', text);
  if (search || hash || !href.endsWith('/') || href.length > LONGEST_OPERATOR)
    throw new OffersightError(
      'configuration',
      `Set the operator’s page to its address with a slash at the end, such as https://ops.example/admin/, at most ${LONGEST_OPERATOR} characters.`,
    );
  return href;
};

/**
 * Makes a link that opens the inspector on one page, for an hour.
 * @param url The page, with scheme and host; only its path counts, and its own hash is replaced.
 * @throws {OffersightError} `configuration` if an address is unusable, or the secret is too short.
 */
export const inspectLink = async (
  url: string,
  { secret, operatorUrl, now = platformRuntime().now }: InspectLinkOptions,
): Promise<string> => {
  const [checked = ''] = checkSecrets([secret], INSPECTING);
  const page = webUrl('the page', url);
  const operator =
    operatorUrl === undefined ? '' : toBase64Url(new TextEncoder().encode(operatorsOf(operatorUrl)).buffer);
  const end = (Math.floor(now()) + LINK_MS).toString(36);
  page.hash = `${HASH}${end}.${operator}.${await macOf(await keyOf(checked), messageOf(page.pathname, end, operator))}`;
  return page.href;
};

/**
 * Makes the check whether a link opens the inspector at a path now.
 * @param secrets Any of them may have made the link; with none no link opens anything.
 */
export const createInspecting = (secrets: readonly string[]) => {
  const keys = Promise.all(secrets.map(keyOf));
  return async (code: string, path: string, now: number): Promise<boolean> => {
    const [, end = '', operator = '', mac = ''] = CODE.exec(code) ?? [];
    const endsAt = Number.parseInt(end, 36);
    // A clock that was set back must not make an hour longer.
    if (!(endsAt > now && endsAt <= now + LINK_MS)) return false;
    for (const key of await keys) if (await isMacOf(key, mac, messageOf(path, end, operator))) return true;
    return false;
  };
};
