/** I7: how often and when pages ask. */
import { DECISION_MS, LEASE_MS, MEMORY_MS, REQUEST_MS } from '../bounds.js';
import { type Judgement, type Judging, judging } from '../breach.js';
import { type Chronicle, DISK, type Placed } from '../chronicle.js';
import type { RowOf } from '../row.js';

const SHORTEST_BACKOFF_MS = 500;
/**
 * 0.5 + 1 + 2 + … + 32 s exceed a minute, so eight failing requests fit into one with the shortest jitter. A circuit
 * lasts 30 s and then a minute, so two fit.
 */
const MOST_A_MINUTE = { 'back-off': 8, throttled: 8, circuit: 2 } as const;
/** An open circuit is tried once in five seconds, and a transaction may take two of them. */
const TRIAL_MS = 3_000;
const MINUTE_MS = 60_000;
/** No pause is longer than the longest circuit. */
const LONGEST_MS = 6 * 3_600_000;
const MISDEPLOYED = [401, 403, 404, 405, 415];
const UNSPLIT = [400, 413, 422];

/** Shorter tasks cannot hold up a transaction, which has few steps, for the four seconds of two time-outs. */
const STEP_MS = 500;
/** A longer task takes a whole turn of a page's transaction. It has eight, and a step for each dismissal that it leases. */
const TURN_MS = 250;

/** A page that loads shortens a back-off once its database has said what was accepted, for which it has two seconds. */
const LEARNING_MS = 2_500;

type Failure = 'back-off' | 'throttled' | 'circuit';

const failureOf = (
  { status, verdicts, retryAfterMs }: RowOf<'answered'>,
  events: number,
): Failure | 'unsplit' | undefined => {
  if (verdicts) return undefined;
  if (status === undefined) return 'back-off';
  if (MISDEPLOYED.includes(status)) return 'circuit';
  // If even a batch of one event is not taken, its size is not the reason.
  if (UNSPLIT.includes(status)) return events > 1 ? 'unsplit' : 'back-off';
  return status === 429 || retryAfterMs ? 'throttled' : 'back-off';
};

/** Whether a back-off may end early: a page loads, comes to the front, or may have a network again. */
const isHurried = (chronicle: Chronicle, from: number, to: number): boolean =>
  chronicle.between('opened', from, to) ||
  chronicle.between('clock', from, to) ||
  chronicle.between('wiped', from, to) ||
  chronicle.between('consent', from, to, ({ state }) => state === 'granted') ||
  chronicle.between('page', from, to, ({ change }) => change === 'online' || change === 'visible');

/** Whether a page that was loading may still have been about to shorten this pause. */
const isLoading = (chronicle: Chronicle, loads: string, { row: { at } }: Placed<'paused'>): boolean =>
  chronicle.of('opened').some(({ row }) => row.tab === loads && row.at <= at && at - row.at < LEARNING_MS);

/** Whether two rows are about the same pause or line: each endpoint has its own. */
const isSameEndpoint = (
  a: Placed<'requested'> | Placed<'paused'>,
  b: Placed<'requested'> | Placed<'paused'>,
): boolean => a.row.endpoint === b.row.endpoint;

const flights = (chronicle: Chronicle): Placed<'requested'>[] =>
  chronicle.of('requested').filter(({ row }) => !row.isFarewell && row.isRepeat !== true);

/** Whether this is the one batch that a page sends in spite of an open circuit when it loads or is asked to flush. */
const isTrial = (chronicle: Chronicle, request: Placed<'requested'>): boolean => {
  const { tab } = request.row;
  const isBefore = (placed: { readonly index: number }): boolean => placed.index < request.index;
  const asked = chronicle.of('page').filter(({ row }) => row.tab === tab && row.change === 'flush');
  const opened = chronicle.of('opened').filter(({ row }) => row.tab === tab);
  const from = Math.max(...[...asked, ...opened].filter(isBefore).map((placed) => placed.index));
  const since = flights(chronicle).filter(
    (other) =>
      other.row.tab === tab && isSameEndpoint(other, request) && isBefore(other) && other.index > from,
  );
  // A request that it had begun when it was asked to flush goes first.
  return from >= 0 && since.length <= (chronicle.history[from]?.kind === 'page' ? 1 : 0);
};

const endOf = (chronicle: Chronicle, { row, index }: Placed<'requested'>): number =>
  Math.min(chronicle.answerOf(row.number)?.index ?? Infinity, chronicle.goneAt(row.tab, index) ?? Infinity);

/** Whether something that a page cannot prevent took away its lease. Only what came after the lease can. */
const isLeaseLost = (
  chronicle: Chronicle,
  earlier: Placed<'requested'>,
  request: Placed<'requested'>,
): boolean => {
  const withinMs = request.row.at - earlier.row.at + LEASE_MS;
  const tabs = [earlier.row.tab, request.row.tab];
  return (
    chronicle.lately('wiped', request.index, withinMs, ({ what }) => what === 'outbox') ||
    chronicle.lately(
      'clock',
      request.index,
      withinMs,
      ({ names }) => !names || tabs.some((tab) => names.includes(tab)),
    ) ||
    chronicle.lately(
      'page',
      request.index,
      withinMs,
      // A page that was frozen with its lease may ask at once when it is thawed.
      ({ tab, change }) => tabs.includes(tab) && ['frozen', 'thawed', 'pagehide'].includes(change),
    )
  );
};

const tabs = (...requests: readonly Placed<'requested'>[]): string[] => requests.map(({ row }) => row.tab);

/** Whether a page had trouble with its database, and so may have sent what it has in memory as well. */
const wasInMemory = (chronicle: Chronicle, tab: string, to: number): boolean =>
  chronicle.lately(
    'fault',
    to,
    MEMORY_MS,
    ({ where, target }) => where === 'storage' && target === tab,
    tab,
  ) ||
  // A busy page takes a task for each step of its transaction, and the others wait for the database.
  chronicle.lately('busy', to, DECISION_MS, (busy) => busy.taskMs >= (busy.tab === tab ? TURN_MS : STEP_MS));

const oneAtATime = (chronicle: Chronicle, judged: Judging): void => {
  const all = flights(chronicle);
  all.forEach((request, at) => {
    judged.examine();
    for (const earlier of all.slice(0, at)) {
      if (endOf(chronicle, earlier) < request.index || !isSameEndpoint(earlier, request)) continue;
      if (earlier.row.tab === request.row.tab) {
        judged.breach(`a second request of ${request.row.tab} at once`, request.row.ids[0]);
        continue;
      }
      // A lease outlives its request. Only something that a page cannot prevent takes it away.
      if (request.row.at - earlier.row.at >= REQUEST_MS) continue;
      const shared = request.row.ids.find((id) => earlier.row.ids.includes(id));
      if (shared === undefined) continue;
      const isLost = isLeaseLost(chronicle, earlier, request);
      // A lease in the database does not protect a copy in the memory of one of the two.
      const isCopied =
        tabs(earlier, request).some((tab) => wasInMemory(chronicle, tab, request.index)) ||
        [...chronicle.about('put', shared), ...chronicle.about('committed', shared)].some(
          ({ row }) =>
            (row.store ?? DISK) !== DISK && (row.tab === earlier.row.tab || row.tab === request.row.tab),
        );
      if (isLost) continue;
      if (isCopied) judged.excuse('copy');
      else judged.breach(`on its way from ${earlier.row.tab} and ${request.row.tab} at once`, shared);
    }
  });
};

/**
 * Whether a valid answer closed a circuit of which the page's database, which fails, may still have the pause: what the page
 * knows counts.
 */
const isClosed = (chronicle: Chronicle, tab: string, from: number, to: number): boolean =>
  wasInMemory(chronicle, tab, to) &&
  chronicle.between('answered', from, to, (answer) => answer.tab === tab && answer.verdicts !== undefined);

/** Whether a page only shortened the pause of another one, regardless of its own requests under way. */
const isShortened = (chronicle: Chronicle, pause: Placed<'paused'>): boolean => {
  const before = chronicle
    .of('paused')
    .findLast(
      (other) =>
        other.index < pause.index &&
        isSameEndpoint(other, pause) &&
        (other.row.store ?? DISK) === (pause.row.store ?? DISK),
    );
  return (
    before?.row.pause === pause.row.pause &&
    before.row.tab !== pause.row.tab &&
    before.row.until > pause.row.until
  );
};

/** Whether a page took what it asks for after the pause was there to be read. */
const couldKnow = (chronicle: Chronicle, request: Placed<'requested'>, pause: Placed<'paused'>): boolean =>
  (request.row.tab === pause.row.tab &&
    !isShortened(chronicle, pause) &&
    // A slow page asks while its own pause is being written.
    (request.row.serial ?? Infinity) > (pause.row.serial ?? 0)) ||
  (!request.row.isFarewell &&
    request.row.ids.some((id) =>
      chronicle
        .about('put', id)
        .some(
          (put) =>
            put.row.tab === request.row.tab &&
            put.row.token !== undefined &&
            (put.row.store ?? DISK) === (pause.row.store ?? DISK) &&
            put.index > pause.index &&
            put.index < request.index,
        ),
    ));

const noneInPause = (chronicle: Chronicle, judged: Judging): void => {
  const pauses = chronicle.of('paused');
  const farewells = new Set<string>();
  const trials: Placed<'requested'>[] = [];
  for (const request of chronicle.of('requested')) {
    // The same attempt, a moment later.
    if (request.row.isRepeat === true) continue;
    const stores = new Set(pauses.map(({ row }) => row.store ?? DISK));
    for (const store of stores) {
      const pause = pauses.findLast(
        (each) =>
          each.index < request.index && isSameEndpoint(each, request) && (each.row.store ?? DISK) === store,
      );
      if (!pause || pause.row.pause === 'none') continue;
      if (request.row.isFarewell && pause.row.pause === 'back-off') continue;
      if (!couldKnow(chronicle, request, pause)) continue;
      if (chronicle.between('clock', pause.index, request.index)) continue;
      if (chronicle.between('wiped', pause.index, request.index)) continue;
      if (pause.row.pause === 'circuit' && isClosed(chronicle, request.row.tab, pause.index, request.index))
        continue;
      // If storage is blocked, the shorter one is in the page's memory.
      if (
        pause.row.pause === 'back-off' &&
        (isHurried(chronicle, pause.index, request.index) || isLoading(chronicle, request.row.tab, pause))
      )
        continue;
      // A pause that another clock wrote may be over, or be ignored, by the clock of its reader.
      const aheadMs = chronicle.clockOf(pause.row.tab, pause.index);
      if (chronicle.clockOf(request.row.tab, request.index) !== aheadMs) continue;
      judged.examine();
      const until = pause.row.until - aheadMs;
      // This pause was computed by one clock and written by another, so every page ignores it.
      if (until - pause.row.at > LONGEST_MS) continue;
      if (request.row.at >= until) continue;
      if (pause.row.pause === 'circuit' && request.row.isFarewell && !farewells.has(request.row.tab))
        farewells.add(request.row.tab);
      else if (pause.row.pause === 'circuit' && !request.row.isFarewell && isTrial(chronicle, request)) {
        const before = trials.findLast((other) => isSameEndpoint(other, request));
        trials.push(request);
        const isMoved = before && chronicle.between('clock', before.index, request.index);
        if (before && !isMoved && request.row.at - before.row.at < TRIAL_MS)
          judged.breach(
            `tried an open circuit ${request.row.at - before.row.at} ms after ${before.row.tab} did`,
            request.row.ids[0],
          );
      } else
        judged.breach(
          `${request.row.tab} asked ${until - request.row.at} ms before the ${pause.row.pause} pause was over`,
          request.row.ids[0],
        );
    }
  }
};

/** How an attempt ended. If it was repeated, the last repeat counts. */
const outcomeOf = (
  chronicle: Chronicle,
  request: Placed<'requested'>,
  next: Placed<'requested'> | undefined,
): Placed<'answered'> | undefined => {
  const repeat = chronicle
    .of('requested')
    .findLast(
      (each) =>
        each.row.isRepeat === true &&
        each.row.tab === request.row.tab &&
        isSameEndpoint(each, request) &&
        each.index > request.index &&
        each.index < (next?.index ?? Infinity),
    );
  return chronicle.answerOf((repeat ?? request).row.number);
};

const waitsAfterFailure = (chronicle: Chronicle, judged: Judging): void => {
  const longestMs = chronicle.of('setting')[0]?.row.longestPauseMs ?? Infinity;
  const tabs = new Map<string, Placed<'requested'>[]>();
  for (const request of flights(chronicle)) {
    const line = `${request.row.tab} ${request.row.endpoint ?? ''}`;
    tabs.set(line, [...(tabs.get(line) ?? []), request]);
  }
  for (const requests of tabs.values()) {
    let run: { readonly failure: Failure; readonly starts: number[]; readonly index: number } | undefined;
    requests.forEach((request, at) => {
      const answer = outcomeOf(chronicle, request, requests[at + 1]);
      const failure = answer && failureOf(answer.row, request.row.ids.length);
      if (!answer || !failure || failure === 'unsplit') {
        run = undefined;
        return;
      }
      judged.examine();
      const isUndone =
        run &&
        (isHurried(chronicle, run.index, request.index) ||
          chronicle.between(
            'answered',
            run.index,
            request.index,
            ({ tab, verdicts }) => tab !== request.row.tab || verdicts !== undefined,
          ) ||
          // A failure of another kind starts the count again; only its body shows that a 400 opened a circuit.
          (failure !== 'circuit' &&
            chronicle.between(
              'paused',
              run.index,
              request.index,
              ({ pause, endpoint }) => pause === 'circuit' && endpoint === request.row.endpoint,
            )));
      if (!run || run.failure !== failure || isUndone) run = { failure, starts: [], index: answer.index };
      // A trial comes out of its turn. A 400 to one event may be of the circuit as well, which only its body shows.
      const pauseBefore = (place: Placed<'requested'>): RowOf<'paused'> | undefined =>
        chronicle.of('paused').findLast((each) => each.index < place.index && isSameEndpoint(each, place))
          ?.row;
      const before = pauseBefore(request);
      const isTried = (failure === 'circuit' || before?.pause === 'circuit') && isTrial(chronicle, request);
      if (!isTried && !UNSPLIT.includes(answer.row.status ?? 0)) run.starts.push(request.row.at);
      const most = MOST_A_MINUTE[failure] + Math.ceil(MINUTE_MS / longestMs);
      const first = run.starts.at(-most - 1);
      if (first !== undefined && request.row.at - first < MINUTE_MS)
        judged.breach(
          `${request.row.tab} failed (${failure}) more than ${most} times a minute`,
          request.row.ids[0],
        );

      const next = requests[at + 1];
      if (!next) return;
      // Another tab may have opened a circuit meanwhile.
      const isOpen = pauseBefore(next)?.pause === 'circuit';
      // If another page has failed as well, a failure waits only for the end of that page's pause.
      const held = chronicle
        .of('paused')
        .findLast((each) => each.index < answer.index && isSameEndpoint(each, next));
      const heldUntil = held ? held.row.until - chronicle.clockOf(held.row.tab, held.index) : 0;
      const isShared =
        failure === 'back-off' &&
        held?.row.pause === 'back-off' &&
        held.row.tab !== next.row.tab &&
        heldUntil > answer.row.at &&
        heldUntil <= next.row.at;
      const isEased =
        isShared ||
        chronicle.between('clock', answer.index, next.index) ||
        chronicle.between('wiped', answer.index, next.index) ||
        chronicle.between(
          'paused',
          answer.index,
          next.index,
          ({ pause, endpoint }) => pause === 'none' && endpoint === next.row.endpoint,
        ) ||
        (failure === 'back-off' && isHurried(chronicle, request.index, next.index)) ||
        ((failure === 'circuit' || isOpen) &&
          (isTrial(chronicle, next) || isClosed(chronicle, next.row.tab, answer.index, next.index))) ||
        // A trial that fails leaves the time of its circuit as it is, which may be over in a moment.
        (failure === 'circuit' && isTried && before?.pause === 'circuit');
      const least = Math.max(SHORTEST_BACKOFF_MS, answer.row.retryAfterMs ?? 0);
      if (!isEased && next.row.at - answer.row.at < least)
        judged.breach(
          `${next.row.tab} asked ${next.row.at - answer.row.at} ms after ${answer.row.status ?? 'no answer'}, not ${least}`,
          next.row.ids[0],
        );
    });
  }
};

/** I7: one request a page, never during a pause, never sooner than asked for, and never the same event twice at once. */
export const rate = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  oneAtATime(chronicle, judged);
  noneInPause(chronicle, judged);
  waitsAfterFailure(chronicle, judged);
  return judged.done();
};
