/** Signs by which an answer of the endpoint is known as another machine's. */
import type { Answer, Asked } from '../observed.js';
import type { Meaning } from './proxy-problems.js';

/** Headers by which firewalls say that they ask for a proof: of AWS, Vercel, DataDome and Sucuri. */
export const CHALLENGES = [
  'x-amzn-waf-action',
  'x-vercel-mitigated',
  'x-datadome',
  'x-sucuri-block',
] as const;

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
