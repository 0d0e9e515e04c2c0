/** The proxy's problems whose repair depends on the page: on its origin and on its host. */
import { isTrustworthy, problemOf } from '../http/endpoint.js';
import type { Answer, Observed } from '../observed.js';

/** What is wrong, and what to change. */
export interface Meaning {
  readonly id: string;
  readonly title: string;
  readonly repair: string;
  /** A warning where visitors may be answered in another way. */
  readonly severity?: 'warning';
}

const ORIGIN_REPAIR =
  'Let every machine before the proxy pass Sec-Fetch-Site on. For browsers that do not send it, list the page’s origin in origins (--origins).';

/** What to change if a proxy of several sites has none for the host of a page. */
export const hostRepair = (url: string): string =>
  `Let the web server pass on the Host of the page (nginx: proxy_set_header Host $host), and list ${new URL(url).hostname} in the hosts of its site. See docs/several-sites.md.`;

/** Whether a proxy of several sites says that it has none for the host of a request. */
export const isMisdirected = (answer: Pick<Answer, 'text'>): boolean => problemOf(answer) === 'misdirected';

const originMeaning = ({ page }: Observed): Meaning => {
  const { origin } = new URL(page.url);
  return !isTrustworthy(page.url)
    ? {
        id: 'endpoint-origin-refused',
        title:
          'The page is on plain http, where browsers do not say that a request is from the page’s own site.',
        repair: `Serve the page by https. If that is not possible, list ${origin} in origins (--origins ${origin}).`,
      }
    : {
        id: 'endpoint-origin-refused',
        title: 'The proxy does not see that the request is from a page of this site.',
        repair: ORIGIN_REPAIR,
      };
};

const misdirectedMeaning = ({ page }: Observed): Meaning => ({
  id: 'endpoint-misdirected',
  title: 'The proxy is reached, but it has no site for the host that the request arrives with.',
  repair: hostRepair(page.url),
});

/** Findings for problems whose repair depends on the page. */
export const BY_PAGE: Readonly<Record<string, (observed: Observed) => Meaning>> = {
  origin: originMeaning,
  misdirected: misdirectedMeaning,
};
