/** What the API answers to one call, before any fault spoils it. `body` is the text as sent. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A call was answered well. */
export function ok(body: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json;charset=utf-8' },
    body: JSON.stringify(body),
  };
}

/** What an error body can say besides its code. */
export interface ErrorDetails {
  readonly message: string;
  /** Says more precisely than the code what is wrong. */
  readonly errorCode?: string;
  readonly param?: string;
  readonly retryAfter?: number;
}

/** An error in the API's own form: `{message, type, api_error_code, error_code?, param?}`; the status is only in the status line. */
export function failure(status: number, code: string, details: ErrorDetails): Answer {
  const { message, errorCode, param, retryAfter } = details;
  const body = {
    message,
    type: typeOf(status),
    api_error_code: code,
    ...(errorCode === undefined ? {} : { error_code: errorCode }),
    ...(param === undefined ? {} : { param }),
  };
  return {
    status,
    headers: {
      'content-type': 'application/json;charset=utf-8',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    body: JSON.stringify(body),
  };
}

/** A field of the request is missing or wrong. */
export function wrongValue(param: string, message: string): Answer {
  return failure(400, 'param_wrong_value', { message: `${param} : ${message}`, param });
}

/** The request as a whole cannot be understood. */
export function badRequest(message: string): Answer {
  return failure(400, 'invalid_request', { message });
}

/** The field that a fault blames unless it says so itself: of an event, these codes are about its offer. */
export function usualParam(code: string): string | undefined {
  return code === 'param_wrong_value' || code === 'resource_not_found' ? 'personalized_offer_id' : undefined;
}

/** The code that the API's documentation pairs with a status, for faults that name only the status. */
export function usualCode(status: number): string {
  return USUAL_CODES.get(status) ?? (status >= 500 ? 'internal_error' : 'invalid_request');
}

const USUAL_CODES = new Map([
  [401, 'api_authentication_failed'],
  [403, 'api_authorization_failed'],
  [404, 'resource_not_found'],
  [405, 'http_method_not_supported'],
  [409, 'invalid_state_for_request'],
  [422, 'unable_to_process_request'],
  [429, 'api_request_limit_exceeded'],
  [503, 'internal_temporary_error'],
  [504, 'gateway_timeout'],
]);

function typeOf(status: number): string {
  return status === 409 || status === 429 || status >= 500 ? 'operation_failed' : 'invalid_request';
}
