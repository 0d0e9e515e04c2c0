/** What to do about an event that was not delivered, for whoever tries a page out. */
const REMEDIES: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [
    /resource_not_found/,
    'The stand-in never made this offer. Take an id that it made, or all with --any-id or on the live page.',
  ],
  [
    /^invalid_event$/,
    'An id has 1 to 50 characters of A–Z a–z 0–9 _ . : ~ -. A template may not have filled it in.',
  ],
  [/^connection broken$|^no answer$|^5\d\d/, 'The proxy tries again, each time a little later.'],
  [/^429/, 'The proxy tries again when the stand-in allows it.'],
  [
    /^40[13]/,
    'The proxy waits for a key that is taken. It tries again every half a minute, then less often.',
  ],
];

/** The remedy for a reason, if one is known. */
export const remedyOf = (reason: string | undefined): string | undefined =>
  reason === undefined ? undefined : REMEDIES.find(([known]) => known.test(reason))?.[1];
