/** What programs ask over HTTP: the same figures and events as the command line's. */
import * as z from 'zod/mini';
import { isOffersightError } from '../../errors.js';
import type { Runtime } from '../../runtime.js';
import { problem, REPLY_HEADERS } from '../door/exchange.js';
import type { Intake } from '../intake/intake.js';
import { inTime } from '../patience.js';
import type { ReportResult, ServerEvent } from '../reported.js';
import { checked } from '../settings/checking.js';
import { type Funnel, readFunnel } from './funnel.js';
import { eachRow, laneOf, readStatus, toLine } from './listing.js';
import { nextTurn, readText, streamOf } from './portions.js';
import { DAY, FUNNEL_BY, LANE_NAME, MOMENT, numeral } from './questions.js';
import { readReport } from './report-lines.js';
import { retry } from './retrying.js';

/** What programs are answered from. */
export interface ProgramsContext {
  readonly intake: Intake;
  readonly runtime: Pick<Runtime, 'now' | 'after'>;
  readonly report: ((events: readonly ServerEvent[]) => Promise<ReportResult>) | undefined;
}

const DEFAULT_LIMIT = 100;
/** More would take the process too long to write at once. */
const MAX_LIMIT = 1_000;
/** A direct intake forwards portion after portion before it says what became of them. */
const REPORT_MS = 60_000;

/** What chooses events. */
const CHOICE = {
  offer: z.optional(z.string()),
  since: z.optional(MOMENT),
  lane: z._default(LANE_NAME, 'offer_events'),
} as const;
const STATUS = z.object({
  limit: z._default(numeral(MAX_LIMIT), DEFAULT_LIMIT),
  page: z.optional(numeral()),
  since: z.optional(MOMENT),
});
const FUNNEL = z.object({
  by: z.optional(FUNNEL_BY),
  group: z.optional(z.string()),
  since: z.optional(DAY),
  until: z.optional(DAY),
});
const ROWS = z.object(CHOICE);
const RETRY = z.object({ id: z.optional(z.array(z.string())), ...CHOICE });

/** Answers a question. */
type Answer = (query: URLSearchParams, request: Request) => Promise<Response>;

const question =
  <Schema extends z.ZodMiniObject>(
    schema: Schema,
    answer: (given: z.output<Schema>, request: Request) => Promise<Response>,
  ): Answer =>
  async (query, request) => {
    const known = Object.keys(schema.shape);
    // A misspelt parameter would be ignored silently: a retry of one dead letter would be one of all.
    if ([...query.keys()].some((name) => !known.includes(name)))
      return problem('query', {}, `This path takes ${known.join(', ') || 'no parameters'}.`);
    const given = { ...Object.fromEntries(query), ...(query.has('id') && { id: query.getAll('id') }) };
    let asked: z.output<Schema>;
    try {
      asked = checked('this path', schema, given);
    } catch (cause) {
      if (!isOffersightError(cause)) throw cause;
      return problem('query', {}, cause.hint.replaceAll('`', ''));
    }
    return answer(asked, request);
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

/** Answers a program's request, which has the right token. */
export const createPrograms = ({
  intake,
  runtime,
  report,
}: ProgramsContext): ((request: Request) => Promise<Response>) => {
  const rows = (states?: ['dead']): Answer =>
    question(ROWS, async ({ offer: offerId, since, lane }) => {
      const each = async function* () {
        for await (const row of eachRow(laneOf(intake, lane), { offerId, since, states }))
          yield `${toLine(row)}\n`;
      };
      return streamed(each(), 'x-ndjson');
    });

  const answers: Readonly<Record<string, Answer>> = {
    'GET status': question(STATUS, async (asked) => json(await readStatus(intake, runtime.now(), asked))),
    'GET funnel': question(FUNNEL, async (asked) =>
      streamed(piecesOf(await readFunnel(intake, asked)), 'json'),
    ),
    'GET events': rows(),
    'GET dead-letters': rows(['dead']),
    'POST dead-letters/retry': question(RETRY, async ({ lane, id: ids = [], offer: offerId, since }) => {
      const retried = await retry(laneOf(intake, lane), { ids, offerId, since }, runtime.now);
      return json({ retried, ...(ids.length && { unchanged: new Set(ids).size - retried }) });
    }),
    'POST report': question(z.object({}), async (_, request) => {
      if (!report) return problem('path');
      const text = await readText(request);
      if (text === undefined) return problem('size');
      const reported = await inTime(runtime, REPORT_MS, readReport(text)(report), undefined, 'The report');
      // Hosts without types may give their own.
      if (!Number.isInteger(reported?.accepted))
        throw new Error('The report does not say what became of the events.');
      return json(reported);
    }),
  };

  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const what = `${request.method} ${/\/(dead-letters\/retry|[^/]*)$/.exec(pathname)?.[1]}`;
    const answer = Object.hasOwn(answers, what) && answers[what];
    if (!answer) return problem('path');
    const once = [...query.keys()].filter((name) => name !== 'id');
    if (new Set(once).size < once.length) return problem('query', {}, 'Give each parameter once, except id.');
    return answer(query, request);
  };
};
