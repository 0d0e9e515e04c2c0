/** What programs ask over HTTP: the same figures and events as the command line's. */

import { problem, REPLY_HEADERS } from '../door/problem.js';
import type { Intake, Lane } from '../intake/intake.js';
import type { ReportResult, ServerEvent } from '../reported.js';
import { readText } from './body.js';
import { isDay, isFunnelBy, readFunnel } from './funnel.js';
import { eachRow, isLaneName, LAST_OFFER, laneOf, readStatus, timeOf, toLine } from './listing.js';
import { streamOf } from './portions.js';
import { readReport } from './report-lines.js';

/** What programs are answered from. */
export interface ProgramsContext {
  readonly intake: Intake;
  readonly now: () => number;
  readonly report: ((events: readonly ServerEvent[]) => Promise<ReportResult>) | undefined;
}

const DEFAULT_LIMIT = 100;
/** More would take the process too long to write at once. */
const MAX_LIMIT = 1_000;

const json = (value: unknown): Response => Response.json(value, { headers: REPLY_HEADERS });

const lines = (rows: AsyncGenerator<string>): Response =>
  new Response(streamOf(rows), { headers: { ...REPLY_HEADERS, 'content-type': 'application/x-ndjson' } });

/** The lane that a query names; undefined if there is none of that name. */
const laneIn = (intake: Intake, query: URLSearchParams): Lane | undefined => {
  const name = query.get('lane') ?? 'offer_events';
  return isLaneName(name) ? laneOf(intake, name) : undefined;
};

/** Answers a program's request, which has the right token. */
export const createPrograms = ({
  intake,
  now,
  report,
}: ProgramsContext): ((request: Request) => Promise<Response>) => {
  const funnel = async (query: URLSearchParams): Promise<Response> => {
    const by = query.get('by') ?? 'day';
    const [since, until] = [query.get('since') ?? undefined, query.get('until') ?? undefined];
    const areDays = [since, until].every((day) => day === undefined || isDay(day));
    return areDays && isFunnelBy(by)
      ? json(await readFunnel(intake, { by, group: query.get('group') ?? undefined, since, until }))
      : problem('query');
  };

  const status = async (query: URLSearchParams, since: number | undefined): Promise<Response> => {
    const countOf = (name: string, otherwise: number): number => {
      const text = query.get(name) ?? `${otherwise}`;
      return /^\d{1,7}$/.test(text) ? Number(text) : 0;
    };
    const [limit, page] = [countOf('limit', DEFAULT_LIMIT), countOf('page', 1)];
    return limit < 1 || limit > MAX_LIMIT || page < 1 || page * limit > LAST_OFFER
      ? problem('query')
      : json(await readStatus(intake, now(), { limit, page, since }));
  };

  const rows = (
    lane: Lane,
    query: URLSearchParams,
    since: number | undefined,
    states?: ['dead'],
  ): Response => {
    const each = async function* () {
      const filter = { offerId: query.get('offer') ?? undefined, since, states };
      for await (const row of eachRow(lane, filter)) yield `${toLine(row)}\n`;
    };
    return lines(each());
  };

  const retry = async (lane: Lane, query: URLSearchParams): Promise<Response> => {
    const ids = query.getAll('id');
    return json({ retried: await lane.retry(ids.length ? ids : undefined, now()) });
  };

  const reportLines = async (request: Request): Promise<Response> => {
    if (!report) return problem('path');
    const text = await readText(request);
    return text === undefined ? problem('size') : json(await readReport(text)(report));
  };

  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const what = /\/(dead-letters\/retry|[^/]*)$/.exec(pathname)?.[1];
    if (request.method === 'GET' && what === 'funnel') return funnel(query);
    const lane = laneIn(intake, query);
    const given = query.get('since');
    const since = given === null ? undefined : timeOf(given);
    if (!lane || Number.isNaN(since)) return problem('query');
    switch (`${request.method} ${what}`) {
      case 'GET status':
        return status(query, since);
      case 'GET events':
        return rows(lane, query, since);
      case 'GET dead-letters':
        return rows(lane, query, since, ['dead']);
      case 'POST dead-letters/retry':
        return retry(lane, query);
      case 'POST report':
        return reportLines(request);
      default:
        return problem('path');
    }
  };
};
