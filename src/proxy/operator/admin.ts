/**
 * The operator's door over HTTP: programs send the token and get what the command line has; a
 * browser that asks by one of the page's own host names gets the operator's page.
 */
import { isOffersightError, OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import { createAlert, type OnAlert } from '../alerts/alert.js';
import type { AlertCode } from '../alerts/table.js';
import { isSameSecret } from '../authorize/mac.js';
import { addressKey } from '../door/address.js';
import { createBudget, MINUTE_MS } from '../door/budgets.js';
import { problem } from '../door/exchange.js';
import type { Intake } from '../intake/intake.js';
import { checkOptionNames } from '../option-names.js';
import type { ReportResult, ServerEvent } from '../reported.js';
import { hostsOf, isBrowser, isNavigation, isToUs } from './page/own-requests.js';
import { answerElsewhere, createPages, type TokenCheck } from './page/pages.js';
import { createPrograms } from './programs.js';

/** Options of {@link createOfferAdmin}. */
export interface OfferAdminOptions {
  /**
   * What is listed.
   * @range an intake that keeps events
   * @example `intake`
   */
  readonly intake: Intake;
  /**
   * What a request has to bear.
   * @range a random text of at least 32 characters
   * @example `secrets.admin`
   */
  readonly token: string;
  /**
   * Takes events that other programs of the host report.
   * @default there is no such path
   * @range the `report` of a proxy; one that takes more than 60 s is answered 503
   * @example `proxy.report`
   */
  readonly report?: (events: readonly ServerEvent[]) => Promise<ReportResult>;
  /**
   * Host names, without scheme and port, by which browsers get the operator's page. None of them may show pages of the shop,
   * whose scripts could then act in an operator's name. An empty list means that there is no such page.
   * @default ['localhost', '127.0.0.1', '[::1]']
   * @range host names
   * @example `['ops.example.com']`
   */
  readonly adminHosts?: readonly string[];
  /**
   * Called if requests of operators fail, with a message and the cause; for the same message at most once in ten minutes.
   * @default nothing is called
   * @range a function, also an async one; what it throws is ignored
   * @example `(message) => console.error(message)`
   */
  readonly onAlert?: OnAlert;
}

/**
 * Answers an operator's request, by the last parts of its path:
 *
 * - `GET …/status?limit=&page=&since=`: sums, groups, and the offers with the most events, by default 100, at most 1,000 on a
 *   page. `limit` times `page` is at most 20,000.
 * - `GET …/funnel?by=&group=&since=&until=`: the funnel by `day`, `group` or `day,group`. `since` and `until` are UTC days such as
 *   `2026-11-23`.
 * - `GET …/events?offer=&since=`: events. `since` is an ISO date or epoch milliseconds.
 * - `GET …/dead-letters?offer=&since=`: dead letters.
 * - `POST …/dead-letters/retry?id=`: retries those of these ids, or with `offer` and `since` those that these choose, by default all.
 * - `POST …/report`: takes a JSON line for each event, with `name`, `type`, `personalized_offer_id`, and optionally `occurred_at` (epoch
 *   milliseconds), `subject` and `group`. The body has at most 500,000 bytes.
 *
 * Those of events and dead letters take `lane=usage_events` for the second destination. Any other parameter is refused.
 *
 * A browser's request, which has no token, gets the operator's page if its Host is one of `adminHosts`.
 * @param connection The other end's address, so that wrong tokens from there are slowed down.
 */
export type OfferAdmin = (
  request: Request,
  connection?: { readonly address?: string | undefined },
) => Promise<Response>;

const MIN_TOKEN_LENGTH = 32;
const WRONG_TOKENS_A_MINUTE = 10;
/**
 * Makes the door for a process that shows alerts in metrics of its own.
 * @param onSeen Called each time that the condition of an alert was seen.
 * @throws {OffersightError} `configuration` if the token is too short, a host name is unusable, or an option is unknown.
 */
export const createWatchedAdmin = (
  options: OfferAdminOptions,
  onSeen: (code: AlertCode) => void,
): OfferAdmin => {
  checkOptionNames('createOfferAdmin', options, {
    intake: true,
    token: true,
    report: true,
    adminHosts: true,
    onAlert: true,
  });
  const { intake, token, report } = options;
  if (typeof token !== 'string' || token.length < MIN_TOKEN_LENGTH)
    throw new OffersightError(
      'configuration',
      `Set the admin token to a random text of at least ${MIN_TOKEN_LENGTH} characters.`,
    );
  const hosts = hostsOf(options.adminHosts);
  const runtime = platformRuntime();
  const wrongTokens = createBudget(WRONG_TOKENS_A_MINUTE, MINUTE_MS);

  // A right token always passes, so that nobody can keep operators out by guessing.
  const checkToken: TokenCheck = async (given, address) => {
    if (await isSameSecret(given, token)) return 'right';
    const key = address === undefined ? undefined : addressKey(address);
    // Who sends none guesses nothing.
    const isSlow = given && key !== undefined && wrongTokens.take(key, 1) !== undefined;
    return isSlow ? 'slow' : 'wrong';
  };
  const alert = createAlert(options.onAlert?.bind(options) ?? (() => undefined), runtime, onSeen);
  const pages = createPages({
    intake,
    token,
    checkToken,
    now: runtime.now,
    onFailure: (cause) => fail(cause),
  });
  const answerProgram = createPrograms({ intake, runtime, report });

  const answer: OfferAdmin = async (request, { address } = {}) => {
    const [, given] = /^Bearer(?: +(.*))?$/i.exec(request.headers.get('authorization') ?? '') ?? [];
    // A password for a web server in front is not a program's token.
    if (given === undefined && isBrowser(request)) {
      if (isToUs(request, hosts))
        return pages(request, new URL(request.url).pathname.split('/').at(-1) ?? '', address);
      if (isNavigation(request)) return answerElsewhere(hosts.size > 0);
    }
    const worth = await checkToken(given ?? '', address);
    if (worth === 'slow') return problem('tokens', { 'retry-after': `${MINUTE_MS / 1_000}` });
    if (worth === 'wrong') return problem('token', { 'www-authenticate': 'Bearer' });
    return answerProgram(request);
  };

  const fail = (cause: unknown): void => alert('operatorFailed', {}, cause);

  return (request, connection) =>
    answer(request, connection).catch((cause: unknown) => {
      if (isOffersightError(cause) && cause.code !== 'delivery') return problem('request', {}, cause.hint);
      fail(cause);
      return problem('unavailable', { 'retry-after': '5' });
    });
};

/**
 * Makes the door.
 * @throws {OffersightError} `configuration` if the token is too short, a host name is unusable, or an option is unknown.
 */
export const createOfferAdmin = (options: OfferAdminOptions): OfferAdmin =>
  createWatchedAdmin(options, () => undefined);
