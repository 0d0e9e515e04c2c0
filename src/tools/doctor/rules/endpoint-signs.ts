/** Signs by which an answer of the endpoint is known as another machine's. */
import type { Answer, Asked } from '../observed.js';
import type { Meaning } from './proxy-problems.js';

/** Headers that only a firewall's challenge has: of Cloudflare, AWS, Vercel and Sucuri. */
const CHALLENGING = ['cf-mitigated', 'x-amzn-waf-action', 'x-vercel-mitigated', 'x-sucuri-block'] as const;

/** DataDome marks also what it lets through. */
const DATADOME = 'x-datadome';

/** Headers that show who may challenge requests. */
export const CHALLENGE_HEADERS = [...CHALLENGING, DATADOME] as const;

/** Whether a firewall asks who sends the request for a proof. */
export const isChallenge = ({ status, headers }: Answer): boolean =>
  CHALLENGING.some((name) => headers[name] !== undefined) ||
  (status === 403 && headers[DATADOME] !== undefined);

/** What firewalls write on the pages that they show instead of an answer. */
const FIREWALL = /request (?:was )?(?:rejected|blocked)\b|\b(?:support|incident) id\b[^<]{0,5}:/i;

/** What a page shows at its beginning. */
const shownOf = (html: string): string =>
  html.slice(0, 2_000).replaceAll(/<script\b.*?(?:<\/script>|$)|<!--.*?(?:-->|$)/gis, '');

/** Whether an answer is a firewall's page. Some send it with status 200. */
export const isFirewall = ({ status, headers, text }: Answer): boolean =>
  [200, 403, 406].includes(status) &&
  /html/i.test(headers['content-type'] ?? '') &&
  FIREWALL.test(shownOf(text));

/** What is wrong if an answer cannot be read. */
export const ENCODED: Meaning = {
  id: 'endpoint-encoded',
  title: 'The endpoint’s answer cannot be read: it is not compressed as its Content-Encoding says.',
  repair:
    'Let the machine before the proxy compress its answers rightly, or leave those of the endpoint as they are. Compare curl -si with curl -si --compressed.',
};

/** What browsers and Node say of a body that is not compressed as its header says. */
export const DECODING = /CONTENT_DECODING|^Z_|BROTLI|ZSTD|ERR__ERROR/i;

/** Whether an answer came that nothing can read. */
export const isUndecodable = (asked: Asked): boolean =>
  asked.kind === 'failed'
    ? DECODING.test(asked.reason)
    : asked.text === '' && /gzip|br|deflate|zstd/i.test(asked.headers['content-encoding'] ?? '');

/** Whether a machine refuses requests whose headers are too long: RFC 6585, and nginx and others in their own words. */
export const isTooLong = ({ status, text }: Answer): boolean =>
  status === 431 ||
  (status === 400 && /header (?:or cookie )?too large|headers? (?:field )?exceeds/i.test(text));
