/** What waits, until when and why. Each is a label and a sentence. */
import type { Inside } from '../../client/inside.js';
import type { OutboxEntry, Pause } from '../../client/outbox/records.js';
import type { Stored } from './stored.js';
import { counted, momentOf } from './words.js';

/** One fact in words. */
export interface Fact {
  readonly label: string;
  readonly words: string;
  /** Whether something is wrong with it. */
  readonly isWrong?: boolean;
}

const pauseWords = (
  { at, kind, status, failures, failedAt }: Pause,
  endpoint: string,
  now: number,
): string => {
  const answer = status ? `answered ${status}` : 'failed';
  const since = failedAt ? ` at ${momentOf(failedAt, now)}` : '';
  const until = momentOf(at, now);
  const again = (when: string): string =>
    `Events are sent again ${when}: POST ${endpoint} ${answer}${since} (${counted(failures, 'failure')} in a row).`;
  if (at <= now) return again('now');
  switch (kind) {
    case 'throttled':
      return `The endpoint asked to wait until ${until}: POST ${endpoint} ${answer}${since}.`;
    case 'circuit':
      return `Nothing is sent until ${until}, or until the next page load: POST ${endpoint} ${answer}${since}. Repair what answers there.`;
    default:
      return again(`at ${until}`);
  }
};

/** An address and how many events go there. */
const counts = (addresses: readonly string[]): ReadonlyMap<string, number> => {
  const found = new Map<string, number>();
  for (const address of addresses) found.set(address, (found.get(address) ?? 0) + 1);
  return found;
};

/** Why events of this page's own endpoint wait. */
const ownFacts = (own: readonly OutboxEntry[], subject: string | undefined, now: number): Fact[] => {
  const facts: Fact[] = [];
  const reserved = own.filter(({ lease }) => lease && lease.until > now);
  const [first] = reserved;
  if (first?.lease)
    facts.push({
      label: 'Reserved',
      words: `${counted(reserved.length, 'event is', 'events are')} on the way, or reserved by another tab, until ${momentOf(first.lease.until, now)}.`,
    });
  const deferred = own
    .filter(({ notBeforeAt }) => notBeforeAt > now)
    .sort((one, other) => one.notBeforeAt - other.notBeforeAt);
  const [next] = deferred;
  if (next)
    facts.push({
      label: 'Deferred',
      words: `${counted(deferred.length, 'event')} not before ${momentOf(next.notBeforeAt, now)}.`,
    });
  const others = own.filter(({ event }) => event.subject !== undefined && event.subject !== subject).length;
  if (others)
    facts.push({
      label: 'Another user’s',
      words: `${counted(others, 'event belongs', 'events belong')} to another subject, and ${others === 1 ? 'waits' : 'wait'} until that one is back.`,
    });
  return facts;
};

/** What waits in this browser, and what holds it. */
export const whatWaits = (
  { owner }: Pick<Inside, 'owner'>,
  endpoint: string,
  stored: Stored | undefined,
  now: number,
): Fact[] => {
  const isGranted = owner.consent === 'granted';
  if (!stored)
    return [
      {
        label: 'Storage',
        words: isGranted
          ? 'The database cannot be read, or is not there yet: events are only in this page’s memory.'
          : 'Nothing is stored before consent.',
        isWrong: isGranted,
      },
    ];
  const { entries, waiting, dead, pause } = stored;
  const isOwn = (entry: OutboxEntry): boolean => entry.endpoint === endpoint;
  const elsewhere = counts(entries.flatMap((entry) => (isOwn(entry) ? [] : entry.endpoint)));
  const facts: Fact[] = [
    {
      label: 'Waiting',
      words: `${counted(waiting, 'event')} in this browser.${waiting > entries.length ? ' The oldest 500:' : ''}`,
    },
  ];
  const own = entries.filter(isOwn);
  const isDue = ({ event: { subject }, notBeforeAt }: OutboxEntry): boolean =>
    notBeforeAt <= now && (subject === undefined || subject === owner.subject);
  // Until something is answered it is shown, also while it is tried again.
  if (pause && (pause.at > now || (pause.kind !== 'none' && own.some(isDue))))
    facts.push({
      label: 'Pause',
      words: pauseWords(pause, endpoint, now),
      isWrong: pause.kind !== 'throttled',
    });
  facts.push(...ownFacts(own, owner.subject, now));
  for (const [address, theirs] of elsewhere)
    facts.push({ label: 'Another endpoint’s', words: `${counted(theirs, 'event')} for ${address}.` });
  if (dead.length)
    facts.push({
      label: 'Dead letters',
      words: `${counted(dead.length, 'event was', 'events were')} refused, the latest as ${dead.at(-1)?.code}.`,
      isWrong: true,
    });
  return facts;
};
