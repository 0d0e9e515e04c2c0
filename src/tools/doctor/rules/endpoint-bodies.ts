/** Whether the endpoint also takes events and long bodies, and whether its clock is right. */
import type { Rule } from '../finding.js';
import { LONG_BYTES, problemOf } from '../http/endpoint.js';
import type { Asked, Observed } from '../observed.js';
import { isSameOrigin, isStored } from './endpoint.js';
import { isChallenge } from './endpoint-signs.js';
import { finding, showAsked, showEndpoint } from './wording.js';

const codeOf = (asked: Asked): string | undefined =>
  asked.kind === 'answered' ? problemOf(asked) : undefined;

const isChallenged = (asked: Asked): boolean => asked.kind === 'answered' && isChallenge(asked);

const isLimited = (asked: Asked): boolean =>
  asked.kind === 'answered' && [429, 503].includes(asked.status) && problemOf(asked) === undefined;

/** Whether the proxy is reached as it should be, so that the rest can be compared with that. */
const isFine = (observed: Observed): boolean =>
  codeOf(observed.endpoint.asked) === 'batch' && isSameOrigin(observed);

/**
 * Whether an answer to a batch with events is like the one to a batch without. Limits are for who asks often.
 */
const isAlike = (asked: Asked): boolean =>
  ['batch', 'budget'].includes(codeOf(asked) ?? '') || isLimited(asked) || isChallenged(asked);

/** Whether it may have another reason: a machine that fails, or a guard against those who ask often. */
const isDoubtful = (asked: Asked): boolean =>
  asked.kind === 'failed' || asked.status >= 500 || asked.status === 403;

/** Whether events arrive as well. What checks bodies lets one without events through. */
export const endpointTakesEvents: Rule = {
  find(observed) {
    const { full } = observed;
    if (!full || !isFine(observed) || isAlike(full)) return [];
    return [
      finding(isDoubtful(full) ? 'warning' : 'error', 'endpoint-events-refused', {
        title: 'A batch without events reaches the proxy, and one with events does not.',
        evidence: ['the batch had a viewed and a dismissed event', ...showEndpoint(full)],
        repair:
          'Look what checks or changes bodies before the proxy: a firewall, a gateway with a schema of its own, a function that parses and writes them again. Let it pass them on as they are. Later releases may add fields.',
      }),
    ];
  },
};

/** Whether long bodies arrive as well: a page sends many events in one, and up to 64 KiB as it is left. */
export const endpointLong: Rule = {
  find(observed) {
    const { long } = observed;
    if (!long || !isFine(observed) || isAlike(long) || endpointTakesEvents.find(observed).length) return [];
    return [
      finding(long.kind === 'failed' ? 'warning' : 'error', 'endpoint-body-limit', {
        title: 'Short requests reach the proxy, and a long one does not.',
        evidence: [
          `the body had more than ${LONG_BYTES.toLocaleString('en-US')} bytes`,
          ...showEndpoint(long),
        ],
        repair:
          'Allow bodies of 500,000 bytes at the endpoint (nginx: client_max_body_size, in a firewall the size of bodies that it inspects). Many events go in one request, and up to 64 KB as a page is left.',
      }),
    ];
  },
};

/** Clocks that differ by less make no difference to an offer. */
const CLOCK_MS = 5 * 60_000;

/** Whether the clock of the server is right, by which offers end. A stored answer has an old date. */
export const endpointClock: Rule = {
  find(observed) {
    const { endpoint, at } = observed;
    const { asked } = endpoint;
    if (asked.kind === 'failed' || !isFine(observed) || isStored(asked.headers)) return [];
    const ahead = Date.parse(asked.headers.date ?? '') - at;
    if (!(Math.abs(ahead) > CLOCK_MS)) return [];
    return [
      finding('warning', 'endpoint-clock', {
        title: 'The clock of the server at the endpoint differs from this machine’s.',
        evidence: [
          `${showAsked(asked, 'POST')} at ${asked.headers.date}`,
          `this machine’s clock said ${new Date(at).toISOString()} then`,
        ],
        repair:
          'Set the clock that is wrong, best by NTP. By the server’s clock offers end and signed offers are valid, so a wrong one refuses events.',
      }),
    ];
  },
};
