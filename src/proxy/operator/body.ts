/** What operators send. */
import { MAX_REQUEST_BYTES } from '../../protocol/limits.js';

/** A request's body; undefined if it is larger than that. */
export const readText = async (
  { body }: Request,
  maxBytes = MAX_REQUEST_BYTES,
): Promise<string | undefined> => {
  let text = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};
