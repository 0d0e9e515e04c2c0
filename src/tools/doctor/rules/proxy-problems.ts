/** What the proxy's own problems mean, by their code. Some repairs depend on the page's origin or host. */
import { isTrustworthy } from '../http/endpoint.js';
import type { Observed } from '../observed.js';

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

/** Findings for the proxy's own problems, by their code. */
const PROBLEMS: Readonly<Record<string, Meaning>> = {
  path: {
    id: 'endpoint-path',
    title: 'The proxy is reached, but it answers another path than the one that the page names.',
    repair:
      'Set path of toNodeListener, or --path, to the path that the proxy is asked for. Mind rewrites that cut a prefix off.',
  },
  method: {
    id: 'endpoint-method',
    title: 'The proxy gets another method than POST.',
    repair: 'Look for a redirect or a rewrite on the way, which turns a POST into a GET.',
  },
  type: {
    id: 'endpoint-body-changed',
    title: 'Something rewrites the body or its type on the way.',
    repair: 'Pass Content-Type and the body on as they are, without compressing them.',
  },
  json: {
    id: 'endpoint-body-changed',
    title: 'The body does not arrive as it was sent.',
    repair:
      'Pass the body on as it is. A gateway or a function that encodes it (base64) has to decode it first.',
  },
  incomplete: {
    id: 'endpoint-body-changed',
    title: 'The body does not arrive whole.',
    repair: 'Mount the proxy ahead of any body parser, and pass the body on as it is.',
  },
  late: {
    id: 'endpoint-body-changed',
    title: 'The body does not reach the proxy, which waits for it in vain.',
    repair:
      'Mount the proxy, or what forwards to it, ahead of any body parser, such as express.json(): one takes the body, and forwards none. Otherwise a machine before the proxy holds the body back.',
  },
  size: {
    id: 'endpoint-body-changed',
    title: 'The body arrives larger than it was sent.',
    repair: 'Pass the body on as it is.',
  },
  unsupported: {
    id: 'endpoint-body-changed',
    title:
      'The body arrives with another version than it was sent with, or this proxy is of another release.',
    repair: 'Pass the body on as it is, and update the proxy before the pages.',
  },
  many: {
    id: 'endpoint-body-changed',
    title: 'The request arrives with too many headers.',
    repair: 'Let the machines before the proxy add fewer headers. Very many cookies count as well.',
  },
  headers: {
    id: 'endpoint-body-changed',
    title: 'The request arrives with two hosts or with an odd framing.',
    repair: 'Let the machine before the proxy send one Host and either Content-Length or chunks.',
  },
  budget: {
    id: 'endpoint-budget',
    title: 'The proxy has had enough from this address.',
    repair:
      'If all visitors share one address, set trustedHops (--trusted-hops) to the number of your machines before the proxy.',
  },
  unavailable: {
    id: 'endpoint-unavailable',
    title: 'The proxy cannot take events: a body parser ran before it, or its intake cannot be written.',
    repair:
      'Mount the proxy ahead of any body parser, such as express.json(). Otherwise read the proxy’s log for its alert.',
  },
};

/** What a problem of the proxy's means. */
export const meaningOfProblem = (code: string, observed: Observed): Meaning =>
  (code === 'origin' ? originMeaning(observed) : undefined) ??
  (Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined) ?? {
    id: 'endpoint-not-proxy',
    title: 'The proxy refuses a request as no proxy of this version refuses the endpoint’s.',
    repair:
      'Route the endpoint to the path that the proxy answers at. Update the doctor if the proxy is newer.',
  };
