/** By which codes Chargebee says that a site may not do something, whatever the status and whatever the event. */

/** Sources: chargebee-ruby#66 and chargebee-node#10, and the API's list of errors. */
const RESTRICTED = /^(?:configuration_incompatible|api_restricted|resource_limit_exhausted|\w+_not_enabled)$/;

/** Whether one of these codes says so. Both `api_error_code` and `error_code` may. */
export const isRestricted = (...codes: readonly unknown[]): boolean =>
  codes.some((code) => typeof code === 'string' && RESTRICTED.test(code));
