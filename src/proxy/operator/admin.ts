/**
 * The operator's door over HTTP: the same listing as the command line's, behind a bearer token. Never for browsers:
 * it answers no request that one of a page could make.
 */
import { isOffersightError, OffersightError } from '../../errors.js';
import { MAX_REQUEST_BYTES } from '../../protocol/limits.js';
import { platformRuntime } from '../../runtime.js';
import { problem, REPLY_HEADERS } from '../door/problem.js';
import type { Intake } from '../intake/intake.js';
import { isSameSecret } from '../judging/signature.js';
import { checkOptionNames } from '../option-names.js';
import type { ReportResult, ServerEvent } from '../options.js';
import { isDay, isFunnelBy, readFunnel } from './funnel.js';
import { readServerEvents } from './lines.js';
import { eachRow, isLaneName, laneOf, readStatus, timeOf, toLine } from './listing.js';

/** Options of {@link createOfferAdmin}. */
export interface OfferAdminOptions {
  /** What is listed: an intake that keeps events. */
  readonly intake: Intake;
  /** What a request has to bear, at least 32 characters. */
  readonly token: string;
  /** The `report` of a proxy, for events that other programs of the host report. @default there is no such path */
  readonly report?: (events: readonly ServerEvent[]) => Promise<ReportResult>;
}

/**
 * Answers an operator's request. By the last parts of its path: `GET …/status?limit=`, the offers with the most events, by
 * default 100, at most 1,000; `GET …/funnel?by=&group=&since=&until=`, the funnel `by` `day`, `group` or `day,group`, where `since` and `until` are
 * UTC days such as `2026-11-23`; `GET …/events?offer=&since=`, where
 * `since` is an ISO date or epoch milliseconds; `GET …/dead-letters`; `POST …/dead-letters/retry?id=`, by default all.
 * Each takes `lane=usage_events` for the second destination. `POST …/report` takes a JSON line for each event: `name`, `type`,
 * `personalized_offer_id`, and optionally `occurred_at` (epoch milliseconds), `subject` and `group`; at most 500,000 bytes.
 */
export type OfferAdmin = (request: Request) => Promise<Response>;

const MIN_TOKEN_LENGTH = 32;
const DEFAULT_LIMIT = 100;
/** More would take the process too long to write at once. */
const MAX_LIMIT = 1_000;

/** A request's body; undefined if it is too large. */
const readText = async ({ body }: Request): Promise<string | undefined> => {
  let text = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const json = (value: unknown): Response => Response.json(value, { headers: REPLY_HEADERS });

const lines = (rows: AsyncGenerator<string>): Response => {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await rows.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(`${next.value}\n`));
    },
    async cancel() {
      await rows.return(undefined);
    },
  });
  return new Response(body, { headers: { ...REPLY_HEADERS, 'content-type': 'application/x-ndjson' } });
};

/**
 * Makes the door.
 * @throws {OffersightError} `configuration` if the token is too short to be one, or an option is unknown.
 */
export const createOfferAdmin = (options: OfferAdminOptions): OfferAdmin => {
  checkOptionNames('createOfferAdmin', options, { intake: true, token: true, report: true });
  const { intake, token, report } = options;
  if (typeof token !== 'string' || token.length < MIN_TOKEN_LENGTH)
    throw new OffersightError(
      'configuration',
      `Set the admin token to a random text of at least ${MIN_TOKEN_LENGTH} characters.`,
    );
  const { now } = platformRuntime();

  const answer: OfferAdmin = async (request) => {
    const [, given = ''] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
    if (!(await isSameSecret(given, token))) return problem('token', { 'www-authenticate': 'Bearer' });
    const { pathname, searchParams } = new URL(request.url);
    const name = searchParams.get('lane') ?? 'offer_events';
    const limitText = searchParams.get('limit') ?? `${DEFAULT_LIMIT}`;
    const limit = /^\d+$/.test(limitText) ? Number(limitText) : 0;
    const what = /\/(dead-letters\/retry|[^/]*)$/.exec(pathname)?.[1];
    if (request.method === 'GET' && what === 'funnel') {
      const by = searchParams.get('by') ?? 'day';
      const [since, until] = [searchParams.get('since') ?? undefined, searchParams.get('until') ?? undefined];
      const areDays = [since, until].every((day) => day === undefined || isDay(day));
      return areDays && isFunnelBy(by)
        ? json(await readFunnel(intake, { by, group: searchParams.get('group') ?? undefined, since, until }))
        : problem('query');
    }
    if (!isLaneName(name) || Number.isNaN(timeOf(searchParams.get('since') ?? '1970-01-01')))
      return problem('query');
    const lane = laneOf(intake, name);
    const each = async function* (deadOnly: boolean) {
      const since = searchParams.get('since');
      const rows = eachRow(lane, {
        offerId: searchParams.get('offer') ?? undefined,
        since: since === null ? undefined : timeOf(since),
        states: deadOnly ? ['dead'] : undefined,
      });
      for await (const row of rows) yield toLine(row);
    };
    switch (`${request.method} ${what}`) {
      case 'GET status':
        if (limit < 1 || limit > MAX_LIMIT) return problem('query');
        return json(await readStatus(intake, now(), limit));
      case 'GET events':
        return lines(each(false));
      case 'GET dead-letters':
        return lines(each(true));
      case 'POST dead-letters/retry': {
        const ids = searchParams.getAll('id');
        return json({ retried: await lane.retry(ids.length ? ids : undefined, now()) });
      }
      case 'POST report': {
        if (!report) return problem('path');
        const text = await readText(request);
        return text === undefined ? problem('size') : json(await report(readServerEvents(text)));
      }
      default:
        return problem('path');
    }
  };

  return (request) =>
    answer(request).catch((cause: unknown) =>
      isOffersightError(cause) && cause.code !== 'delivery'
        ? Response.json({ message: cause.hint }, { status: 400, headers: REPLY_HEADERS })
        : problem('unavailable', { 'retry-after': '5' }),
    );
};
