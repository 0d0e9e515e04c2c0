/** The functions that an event passes, as docs/architecture.md lists them, beside those that were called. */
import { readFileSync } from 'node:fs';

/** What a list says. */
export interface Journey {
  /** `room function`, in the order of the first calls. */
  readonly functions: readonly string[];
  /** Rooms that are asked on the way, in no order; undefined if the list does not say. */
  readonly asked: readonly string[] | undefined;
}

const namesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/**
 * Reads a list.
 * @param title The line above it.
 * @throws {Error} If there is none.
 */
export const journeyOf = (title: string): Journey => {
  const page = readFileSync('docs/architecture.md', 'utf8');
  const [, list, asked] =
    page
      .split(`\n${title}:\n\n`)[1]
      ?.match(/^((?:\d+\. .*\n(?: {3}.*\n)*)+)(?:\nAsked on the way: ([\s\S]*?)\.\n)?/) ?? [];
  if (!list) throw new Error(`docs/architecture.md has no list “${title}”.`);
  return {
    functions: namesIn(list).filter((name) => name.includes(' ')),
    asked: asked === undefined ? undefined : namesIn(asked),
  };
};

const roomOf = (call: string): string => call.split(' ')[0] ?? '';

/** The same of what was called. */
export const tracedOf = (calls: readonly string[], { functions, asked }: Journey): Journey => {
  const rooms = new Set(functions.map(roomOf));
  return {
    functions: [...new Set(calls)].filter((call) => functions.includes(call)),
    asked: asked && [...new Set(calls.map(roomOf))].filter((room) => !rooms.has(room)).sort(),
  };
};
