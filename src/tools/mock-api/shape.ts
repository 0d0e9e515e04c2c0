import type { IncomingMessage } from 'node:http';

/** No call or command is longer; the API's largest is a batch of 500 KB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Parsed JSON that is an object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells objects from arrays, null and the rest. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON text as a value; `undefined` (which JSON cannot say) when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether any object in a valid JSON text has two fields of one name, of which parsing keeps only the last. */
export function hasRepeatedName(text: string): boolean {
  const open: Set<unknown>[] = [];
  for (const [token, string] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    const names = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && names !== undefined) {
      // Escapes are one more way to write the same name.
      const name: unknown = JSON.parse(string);
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}

/** The first field outside the allowed ones. */
export function unknownField(value: JsonObject, allowed: readonly string[]): string | undefined {
  return Object.keys(value).find((name) => !allowed.includes(name));
}

/** The whole body as text; `null` when it is too long. Rejects when the client goes away before its end. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // What is too long is still read to its end, else the client sees a broken pipe in place of the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(piece);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}
