/** Every alert of the proxy by its code: its words, what it means and what to do. No other file has words of an alert. */

/** Which alert it is, as metrics have it. */
// biome-ignore format: the table below has a line for each
export type AlertCode =
  | 'noMetadata' | 'forwarded' | 'notForwarded' | 'oneAddress' | 'noSubject' | 'otherSubjects' | 'unsigned'
  | 'unusableGroup' | 'unsignedGroup' | 'unusableReason' | 'hookFailed' | 'hooksLate' | 'unusableAnswer'
  | 'unusableUsage' | 'unusableBusinessEntity' | 'notTaken' | 'full' | 'observationFailed' | 'intakeFailed'
  | 'operatorFailed' | 'unsafePlace' | 'tornPages' | 'tablesDropped' | 'tooLong' | 'unreachable' | 'notEnabled'
  | 'badKey' | 'throttled' | 'wrongSite' | 'notTheApi' | 'mostRefused';

export interface AlertEntry {
  /** The message for the operator; `{…}` stands for the parts that differ from case to case. */
  readonly words: string;
  readonly means: string;
  readonly repair: string;
  /** Repeated once a day rather than every ten minutes: what it reports may be as it should be, or is known until the next day. */
  readonly isDaily?: true;
  /** Nothing is taken or forwarded, or events are given up, until somebody acts: a reason to wake somebody. */
  readonly isUrgent?: true;
  /** It is about the upstream: the note of a durable intake's lane has it from its beginning to its end. */
  readonly isNoted?: true;
}

/** By code, from the door to the upstream. */
export const ALERTS: Readonly<Record<AlertCode, AlertEntry>> = {
  noMetadata: {
    words:
      'Requests are refused, since they have neither Sec-Fetch-Site nor an origin that is listed. If they come from pages of yours in ' +
      'browsers without that header, such as Safari before 16.4, add {origins} to origins (--origins). If a machine before the ' +
      'proxy drops the header, let it pass it on. If the sender is not a browser, do nothing.',
    means:
      'In an hour at least five requests, and 2 % of all, had neither `Sec-Fetch-Site` nor a listed origin: older browsers send none, ' +
      'a machine before the proxy drops it, or the sender is not a browser.',
    repair:
      'List the origin that the alert names in `origins` (`--origins`), if it is yours. Let the machines before the proxy pass the header on.',
  },
  forwarded: {
    words:
      'Most requests come through machines of your own, such as a CDN, that trustedHops does not count, so visitors cannot be told ' +
      'apart and share budgets. Set trustedHops to the number of your own machines before the proxy.',
    means:
      'The proxy does not know that a machine of yours is before it, so it cannot tell visitors apart. Many of them share its few addresses, and get 429.',
    repair: 'Set `trustedHops` (`--trusted-hops`) to the number of such machines.',
  },
  notForwarded: {
    words:
      'Most requests have no X-Forwarded-For, or fewer entries in it than trustedHops, so visitors cannot be told apart. Set ' +
      'trustedHops to the number of your own machines before the proxy, each of which adds an entry.',
    means:
      '`trustedHops` is larger than the number of your own machines before the proxy, or one of these does not write that header.',
    repair:
      'Let each of them write the header, as the recipe for nginx does. Set `trustedHops` to their number, 0 if there is none.',
  },
  oneAddress: {
    words:
      'Most requests come from one public address, so all share its budget: set trustedHops or address if it is a machine of ' +
      'yours, such as a CDN. If it is a visitor or a network of many, do nothing.',
    means:
      'A CDN or a machine of yours hides all visitors behind its address, so they share one budget. Or many people share a network.',
    repair: 'Set `trustedHops`, or the `address` hook. If it is a visitor, do nothing.',
    isDaily: true,
  },
  noSubject: {
    words:
      'The subject hook has to give an opaque string, 1–128 characters of A–Z a–z 0–9 _ . : ~ -. Until then nobody counts as signed in.',
    means: 'Your `subject` hook gave something that cannot be a subject, such as an e-mail address.',
    repair: 'Give a hash or an internal id, or nothing if nobody is signed in.',
  },
  otherSubjects: {
    words:
      'Events of users are deferred, since the subject hook names none or others: let it name the user as the page’s subject ' +
      'does. If somebody has signed out, do nothing.',
    means:
      'Ten events in a row had a `subject` that your `subject` hook did not name, so the pages keep them and ask again every minute.',
    repair:
      'Give the page and the hook the same value for a user. A visitor who has signed out keeps their events until they sign in.',
  },
  unsigned: {
    words:
      'Events without a valid token are refused: put what signOffer gives on the offer as data-offer-token, and set the subject hook if tokens name one. If somebody makes events up, do nothing.',
    means:
      '`requireSignedOffers` is on, and a page shows offers without their token, or somebody makes events up.',
    repair: 'Put what `signOffer` gives on the element as `data-offer-token`.',
  },
  unusableGroup: {
    words:
      'Events with an unusable group count under (none): give data-offer-group 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit.',
    means:
      'A page has a `data-offer-group` that is too long, has other characters, or is a placeholder of a template.',
    repair: 'Correct the page. Until then these events count under `(none)`.',
  },
  unsignedGroup: {
    words:
      'Events count under (other), since their token was signed for another group: give signOffer the group that the page has in data-offer-group. If somebody makes events up, do nothing.',
    means: '`signOffer` was given a `group`, and the event names another one.',
    repair: 'Give `signOffer` and `data-offer-group` the same group.',
  },
  unusableReason: {
    words:
      'Events with an unknown reason are counted without it: update the proxy if pages are newer than it.',
    means: 'A page names a reason for closing that this proxy does not know.',
    repair: 'Update the proxy.',
  },
  hookFailed: {
    words: 'A hook failed, so its event was not taken: see what broke. Clients keep it and send it again.',
    means: 'A function of yours threw.',
    repair: 'Read the cause. Only the events concerned are deferred.',
  },
  hooksLate: {
    words: 'Hooks took too long, so their events were not taken. Clients keep them and send them again.',
    means: 'Your functions took more than 6 s for one request.',
    repair: 'Make them faster, for example by a cache. The events are sent again.',
  },
  unusableAnswer: {
    words: 'The {hook} hook has to give {what}. Until then {so}.',
    means: 'A function of yours gave something of another kind than its option says.',
    repair: 'Let it give what the option says.',
  },
  unusableUsage: {
    words:
      'A usage event cannot be made: subscriptionFor or propertiesFor gave what the usage API does not take.',
    means: 'One of the two hooks of `usage` gave something unusable.',
    repair: 'Give an id of 1–50 characters and flat properties, all together under 1 KB.',
  },
  unusableBusinessEntity: {
    words:
      'Events are sent without their business entity, since Chargebee cannot know it: businessEntityId has 1 to 50 printable characters of ASCII.',
    means: 'Your `caller` hook gave a `businessEntityId` that is too long or has other characters.',
    repair: 'Give the id of the business entity as Chargebee shows it.',
  },
  notTaken: {
    words: 'Events could not be taken: see what broke. Clients keep theirs and send them again.',
    means: 'The intake or a hook of yours failed.',
    repair:
      'Read the cause. Pages keep their events and retry. If the log has other words than these, see [what an intake says](../operations.md#if-the-intake-refuses-to-work).',
    isUrgent: true,
  },
  full: {
    words:
      'New events are deferred, since maxWaiting events wait for the upstream: it is away, as another alert then says, or more come ' +
      'than the plan allows. In that case raise pace.perMinute with a larger plan, or count less, such as once a browser.',
    means: 'Chargebee is away, or more events come than your plan allows, and have for a long time.',
    repair:
      'See [sizing by plan](../operations.md#sizing-by-plan). Pages keep their events for up to 72 hours.',
  },
  observationFailed: {
    words: 'The onObservation hook failed: see what broke.',
    means: 'Your `onObservation` function threw.',
    repair: 'Read the cause. No event is concerned.',
  },
  intakeFailed: {
    words:
      'The intake cannot be reached or written: check its disk and permissions, or its Postgres. Waiting events are forwarded later.',
    means: 'The disk is full or cannot be written, or Postgres is away.',
    repair:
      'Repair it. Nothing is forwarded until then. If the log has other words than these, see [what an intake says](../operations.md#if-the-intake-refuses-to-work).',
    isUrgent: true,
  },
  operatorFailed: {
    words: 'An operator’s request failed: the intake does not answer.',
    means: 'Somebody asked the admin route or the operator’s page, and the intake did not answer.',
    repair: 'Check the disk or Postgres, as for events.',
  },
  unsafePlace: {
    words:
      'The intake file is {where}, so events that it has accepted can be lost. Put it on a local disk that stays, such as a ' +
      'named volume that is mounted at its folder.',
    means:
      'The file of `sqliteIntake` is where files do not stay: in memory, in a container’s own layer, in a volume of one pod or container, in a folder for temporary files. Or it is on a network file system, where SQLite can damage it.',
    repair:
      'Mount a named volume or a disk at the file’s folder: see [as a container](../recipes/docker.md). In a test, set `NODE_ENV=test`.',
    isDaily: true,
  },
  tornPages: {
    words:
      'Postgres runs with full_page_writes off, so a power cut may damage what it keeps: set full_page_writes = on, unless ' +
      'the file system writes whole pages by itself.',
    means: 'A power cut may damage the database of the intake, even what it has committed.',
    repair: 'Set `full_page_writes = on`. Leave it off only on a file system such as ZFS.',
  },
  tablesDropped: {
    words:
      'The tables of the intake in Postgres were dropped or emptied while the proxy ran, and the {events} events that waited ' +
      'in them are lost: find out what did it.',
    means:
      'Somebody or a program dropped or emptied the schema of the intake, or its database. The events that waited, the dead letters, the ledger and the ids of what was delivered are gone.',
    repair:
      'Keep migrations and clean-ups away from that schema. Restore a backup only if the lost events matter more than some that count twice: see [backing up](../postgres.md#backing-up-and-upgrading).',
  },
  tooLong: {
    words:
      'Events waited too long for the upstream and are dead letters now: it was away or took none, or more come than the plan allows. ' +
      'Once that is mended, offersight dead-letters retry sends them. See also pace.perMinute.',
    means: 'For more than a day Chargebee was away or took no events, or too many events came.',
    repair:
      'See [sizing by plan](../operations.md#sizing-by-plan). `offersight dead-letters retry` lets them wait again.',
    isUrgent: true,
  },
  unreachable: {
    words:
      'Chargebee cannot be reached, or answers with errors: check the network, DNS, an outgoing proxy and the site name, or its status page. Events are kept.',
    means:
      'Connections are refused, the host is unknown, or answers are time-outs, 5xx or a firewall’s page.',
    repair:
      'The code of the cause says what the last call met, such as `ECONNREFUSED` or `HTTP_503`. Check the network, DNS, the outgoing proxy of `HTTPS_PROXY` if there is one, and the site’s name, then Chargebee’s status page. Forwarding continues by itself.',
    isUrgent: true,
    isNoted: true,
  },
  notEnabled: {
    words: 'Chargebee answers {api} with {answer}: ask Chargebee’s support to {request}. Events are kept.',
    means:
      'Chargebee does not let this site use the API: `configuration_incompatible`, `api_restricted` or a code that ends with `_not_enabled`, 402, 403 or 404. Or it has never taken an event of this site, and its refusal names no field, so the event may be right.',
    repair:
      'Ask Chargebee’s support to enable offer events for this site. With 404, check `site` and `baseUrl` (`--base-url`) first. The proxy keeps the events and tries one every 30 s.',
    isUrgent: true,
    isNoted: true,
  },
  badKey: {
    words:
      'Chargebee does not accept the API key for {api}: check the key, its permissions and the site. Events are kept.',
    means: 'Chargebee answered 401 or `api_authorization_failed`.',
    repair:
      'Check the key, its permissions and the site, and restart with the right one. Waiting events are then sent within a minute.',
    isUrgent: true,
    isNoted: true,
  },
  throttled: {
    words:
      'Chargebee has answered 429 for ten minutes: other programs use up the calls of the plan, or pace.perMinute is above them. Events are kept.',
    means: 'Chargebee has not taken any event for ten minutes, since each call is one too many.',
    repair: 'Look what else calls this API. Lower `pace.perMinute` (`--per-minute`), or get a larger plan.',
    isUrgent: true,
    isNoted: true,
  },
  wrongSite: {
    words: 'Chargebee knows no such site or path: check the site name and the base URL. Events are kept.',
    means: 'Chargebee answered 405 or `site_not_found`.',
    repair: 'Check `site` (`--site`) and `baseUrl` (`--base-url`).',
    isUrgent: true,
    isNoted: true,
  },
  notTheApi: {
    words:
      'Something answers in the place of Chargebee’s API: check the site name, the base URL and any proxy in between. Events are kept.',
    means: 'The answer is a page or a redirect.',
    repair:
      'Check `site` and `baseUrl`, and what is between: a proxy, a firewall, DNS. The events are ambiguous, and are sent again.',
    isUrgent: true,
    isNoted: true,
  },
  mostRefused: {
    words: 'Chargebee refuses most events, the last as {code}: {reason} See offersight dead-letters.',
    means: 'More than half of the last 20 events of an hour, and at least five, are dead letters.',
    repair:
      'Check that pages name the personalized offer’s `id` and not its `offer_id`. Events that were sent with a wrong id stay refused.',
    isUrgent: true,
    isNoted: true,
  },
};

export const ALERT_CODES = Object.keys(ALERTS) as readonly AlertCode[];
