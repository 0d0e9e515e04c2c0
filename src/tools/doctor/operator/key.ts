/** Whether Chargebee takes the API key: asked by an event without a type, which the API has to refuse. */
import type { Ask } from '../http/asking.js';
import type { KeySeen } from '../observed.js';

/** What is checked. */
export interface KeyOptions {
  readonly apiKey: string;
  /** The origin of the API, without a slash at its end. */
  readonly baseUrl: string;
}

/** No personalized offer has this id. */
const NO_OFFER = 'offersight-doctor';

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const parse = (text: string): Omit<KeySeen, 'asked'> => {
  try {
    const { api_error_code, error_code, param, message } = (JSON.parse(text) ?? {}) as Record<
      string,
      unknown
    >;
    const [code, errorCode] = [textOf(api_error_code), textOf(error_code)];
    const [named, words] = [textOf(param), textOf(message)];
    return {
      ...(code !== undefined && { code }),
      ...(errorCode !== undefined && { errorCode }),
      ...(named !== undefined && { param: named }),
      ...(words !== undefined && { message: words.slice(0, 200) }),
    };
  } catch {
    return {};
  }
};

/** Asks once. No redirect is followed, since the key would go along. */
export const askKey = async (ask: Ask, { apiKey, baseUrl }: KeyOptions): Promise<KeySeen> => {
  const asked = await ask(`${baseUrl}/api/v2/offer_events`, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${btoa(`${apiKey}:`)}`,
      'content-type': 'application/json;charset=UTF-8',
    },
    body: JSON.stringify({ personalized_offer_id: NO_OFFER }),
  });
  if (asked.kind === 'failed') return { asked };
  // An answer must not show the key, in any form in which it echoes it.
  const { text, ...rest } = asked;
  return { asked: { ...rest, text: '' }, ...(text.includes(apiKey) ? {} : parse(text)) };
};
