/** Where the page's events go, as far as the page says. Pure. */
import type { BrowserSeen, EndpointSeen, ScriptTag } from './observed.js';

/** The endpoint of a tag that names none. */
export const DEFAULT_ENDPOINT = '/offer-events';

/** What may name it. */
export interface Naming {
  /** The option of the command. */
  readonly given?: string | undefined;
  readonly tags: readonly ScriptTag[];
  readonly browser?: Pick<BrowserSeen, 'tracker' | 'stopped'> | undefined;
}

/** The endpoint's absolute URL, and who named it. What cannot be read is as if it were not there. */
export const nameEndpoint = (
  { given, tags, browser }: Naming,
  page: string,
): Pick<EndpointSeen, 'url' | 'namedBy'> => {
  const tracker = browser?.tracker;
  // A script that has run uses only its own tag, regardless of others.
  const written = tracker?.hasScriptRun ? [] : tags.map(({ attributes }) => attributes['data-endpoint']);
  const named = [
    tracker?.endpoints[0],
    tracker?.startedBy?.['data-endpoint'],
    ...written,
    browser?.stopped[0]?.url,
  ].find((text) => text && URL.canParse(text, page));
  if (given !== undefined) return { url: new URL(given, page).href, namedBy: 'option' };
  return named
    ? { url: new URL(named, page).href, namedBy: 'page' }
    : { url: new URL(DEFAULT_ENDPOINT, page).href, namedBy: 'default' };
};
