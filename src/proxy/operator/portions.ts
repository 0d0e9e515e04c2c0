/** Bodies: what operators send, bounded, and long answers, made in portions, so that the process can take events meanwhile. */
import { MAX_REQUEST_BYTES } from '../../protocol/limits.js';
import { platformRuntime } from '../../runtime.js';

/** Lets the process do something else. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    platformRuntime().after(0, resolve);
  });

/** A body that is made while it is sent, so that it is never in memory as a whole. */
export const streamOf = (portions: AsyncGenerator<string>): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await portions.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await portions.return(undefined);
    },
  });
};

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
