/** What to do about an event that was not delivered, for somebody who tries a page out. */
const REMEDIES: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [
    /resource_not_found/,
    'The mock API never made this offer. Take an id that it made, or all with --any-id or on the live page.',
  ],
  [
    /unable_to_process_request/,
    'The live page lets Chargebee refuse each event. A refused event is never sent again.',
  ],
  [
    /^invalid_event$/,
    'An id has 1 to 50 characters of A–Z a–z 0–9 _ . : ~ -. A template may not have filled it in.',
  ],
  [/^connection broken$|^no answer$|^5\d\d/, 'It is sent again, each time a little later.'],
  [/^429/, 'It is sent again when the mock API allows it.'],
  [/^40[13]/, 'It is sent again about a minute after the first failure, then less often.'],
  [/^(?:unavailable|in_progress|overloaded)$/, 'Its page sends it again.'],
];

/** The remedy for a reason, if one is known. */
export const remedyOf = (reason: string | undefined): string | undefined =>
  reason === undefined ? undefined : REMEDIES.find(([known]) => known.test(reason))?.[1];
