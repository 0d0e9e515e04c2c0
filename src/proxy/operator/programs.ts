/** What programs ask over HTTP: the same figures and events as the command line's. */

import type { Runtime } from '../../runtime.js';
import { problem, REPLY_HEADERS } from '../door/problem.js';
import type { Intake, Lane } from '../intake/intake.js';
import { inTime } from '../patience.js';
import type { ReportResult, ServerEvent } from '../reported.js';
import { readText } from './body.js';
import { type Funnel, isDay, isFunnelBy, readFunnel } from './funnel.js';
import { eachRow, isLaneName, LAST_OFFER, laneOf, readStatus, timeOf, toLine } from './listing.js';
import { nextTurn, streamOf } from './portions.js';
import { readReport } from './report-lines.js';
import { retry } from './retrying.js';

/** What programs are answered from. */
export interface ProgramsContext {
  readonly intake: Intake;
  readonly runtime: Pick<Runtime, 'now' | 'after'>;
  readonly report: ((events: readonly ServerEvent[]) => Promise<ReportResult>) | undefined;
}

const DEFAULT_LIMIT = 100;
/** A direct intake forwards portion after portion before it says what became of them. */
const REPORT_MS = 60_000;
/** More would take the process too long to write at once. */
const MAX_LIMIT = 1_000;

/** What parameters may be. */
const RANGES = {
  lane: 'lane has to be offer_events or usage_events.',
  since: 'since has to be an ISO date or epoch milliseconds.',
  by: 'by has to be day, group or day,group.',
  days: 'since and until have to be UTC days, such as 2026-11-23.',
  limit: `limit has to be a whole number from 1 to ${MAX_LIMIT}.`,
  page: 'page has to be a whole number of at least 1.',
  last: `limit times page has to be at most ${LAST_OFFER}.`,
  choice: 'Dead letters are chosen by id, or by offer and since.',
} as const;

const refuse = (parameter: keyof typeof RANGES): Response => problem('query', {}, RANGES[parameter]);

/** What each path takes. A misspelt parameter would be ignored silently: a retry of one dead letter would be one of all. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  'GET status': ['limit', 'page', 'since'],
  'GET funnel': ['by', 'group', 'since', 'until'],
  'GET events': ['offer', 'since', 'lane'],
  'GET dead-letters': ['offer', 'since', 'lane'],
  'POST dead-letters/retry': ['id', 'offer', 'since', 'lane'],
  'POST report': [],
};

const json = (value: unknown): Response => Response.json(value, { headers: REPLY_HEADERS });

/** So many rows are written at once, a few milliseconds' work. */
const SLICE = 500;

/** A funnel as JSON: two hundred groups on four hundred days would be a second's work at once. */
async function* piecesOf({ rows, ...whole }: Funnel): AsyncGenerator<string> {
  yield `${JSON.stringify(whole).slice(0, -1)},"rows":[`;
  for (let at = 0; at < rows.length; at += SLICE) {
    const slice = rows.slice(at, at + SLICE).map((row) => JSON.stringify(row));
    yield `${at ? ',' : ''}${slice.join()}`;
    await nextTurn();
  }
  yield ']}';
}

const streamed = (pieces: AsyncGenerator<string>, type: 'json' | 'x-ndjson'): Response =>
  new Response(streamOf(pieces), { headers: { ...REPLY_HEADERS, 'content-type': `application/${type}` } });

/** The lane that a query names; undefined if there is none of that name. */
const laneIn = (intake: Intake, query: URLSearchParams): Lane | undefined => {
  const name = query.get('lane') ?? 'offer_events';
  return isLaneName(name) ? laneOf(intake, name) : undefined;
};

/** Answers a program's request, which has the right token. */
export const createPrograms = ({
  intake,
  runtime,
  report,
}: ProgramsContext): ((request: Request) => Promise<Response>) => {
  const funnel = async (query: URLSearchParams): Promise<Response> => {
    const by = query.get('by') ?? 'day';
    const [since, until] = [query.get('since') ?? undefined, query.get('until') ?? undefined];
    if (![since, until].every((day) => day === undefined || isDay(day))) return refuse('days');
    if (!isFunnelBy(by)) return refuse('by');
    const group = query.get('group') ?? undefined;
    return streamed(piecesOf(await readFunnel(intake, { by, group, since, until })), 'json');
  };

  const status = async (query: URLSearchParams, since: number | undefined): Promise<Response> => {
    const countOf = (name: string, otherwise: number): number => {
      const text = query.get(name) ?? `${otherwise}`;
      return /^\d{1,7}$/.test(text) ? Number(text) : 0;
    };
    const [limit, page] = [countOf('limit', DEFAULT_LIMIT), countOf('page', 1)];
    if (limit < 1 || limit > MAX_LIMIT) return refuse('limit');
    if (page < 1) return refuse('page');
    if (page * limit > LAST_OFFER) return refuse('last');
    return json(await readStatus(intake, runtime.now(), { limit, page, since }));
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
    return streamed(each(), 'x-ndjson');
  };

  const answerRetry = async (
    lane: Lane,
    query: URLSearchParams,
    since: number | undefined,
  ): Promise<Response> => {
    const ids = query.getAll('id');
    const offerId = query.get('offer') ?? undefined;
    if (ids.length && (offerId !== undefined || since !== undefined)) return refuse('choice');
    const retried = await retry(lane, { ids, offerId, since }, runtime.now);
    return json({ retried, ...(ids.length && { unchanged: new Set(ids).size - retried }) });
  };

  const reportLines = async (request: Request): Promise<Response> => {
    if (!report) return problem('path');
    const text = await readText(request);
    if (text === undefined) return problem('size');
    const reported = await inTime(runtime, REPORT_MS, readReport(text)(report), undefined, 'The report');
    // Hosts without types may give their own.
    if (!Number.isInteger(reported?.accepted))
      throw new Error('The report does not say what became of the events.');
    return json(reported);
  };

  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const what = `${request.method} ${/\/(dead-letters\/retry|[^/]*)$/.exec(pathname)?.[1]}`;
    const known = PARAMETERS[what];
    if (!known) return problem('path');
    if ([...query.keys()].some((name) => !known.includes(name)))
      return problem('query', {}, `This path takes ${known.join(', ') || 'no parameters'}.`);
    const once = [...query.keys()].filter((name) => name !== 'id');
    if (new Set(once).size < once.length) return problem('query', {}, 'Give each parameter once, except id.');
    if (what === 'GET funnel') return funnel(query);
    const lane = laneIn(intake, query);
    const given = query.get('since');
    const since = given === null ? undefined : timeOf(given);
    if (!lane) return refuse('lane');
    if (Number.isNaN(since)) return refuse('since');
    switch (what) {
      case 'GET status':
        return status(query, since);
      case 'GET events':
        return rows(lane, query, since);
      case 'GET dead-letters':
        return rows(lane, query, since, ['dead']);
      case 'POST dead-letters/retry':
        return answerRetry(lane, query, since);
      default:
        return reportLines(request);
    }
  };
};
