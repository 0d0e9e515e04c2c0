/** Events as the script that takes them is given them: without a visitor's name, and with a digest of their content. */
import { createHash, createHmac } from 'node:crypto';
import type { AdmittedEvent } from '../admitted.js';
import { MAX_USAGE_AGE_MS } from '../rules.js';

/** 128 bits: no two visitors share a line. */
const HASH_CHARACTERS = 22;

const shorten = (hash: { digest(encoding: 'base64url'): string }): string =>
  hash.digest('base64url').slice(0, HASH_CHARACTERS);
/** Enough to recognize other content, and shorter. */
export const digestOf = (content: string): string => shorten(createHash('sha256').update(content));
/** The name of a visitor that means nothing outside of the intake. */
export const hashOf = (secret: string | Buffer, visitor: string): string =>
  shorten(createHmac('sha256', secret).update(visitor));

/**
 * Makes an event for the script.
 * @param secret The secret that visitors' names are hashed with.
 * @param namer Who names its group.
 */
export const givenOf = (event: AdmittedEvent, secret: string, namer: string | undefined): object => {
  const { id, type, offerId, occurredAt, receivedAt, headers, usage, group, reason, visitor } = event;
  const said = { id, type, offerId, occurredAt };
  const times = { ends: occurredAt + MAX_USAGE_AGE_MS, line: ` ${id}` };
  // As strings, since Redis would write long numbers shorter.
  const texts = { headers: headers && JSON.stringify(headers) };
  return {
    ...said,
    ...{ receivedAt, group, reason, namer, content: digestOf(event.content) },
    line: `${visitor === undefined ? '' : hashOf(secret, visitor)} ${offerId}`,
    ...texts,
    usage: usage && { ...said, ...times, ...texts, usage: JSON.stringify(usage) },
  };
};
