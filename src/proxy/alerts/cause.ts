/**
 * What may be said of a failure, as a list:
 *
 * - its name and the system's code, if they look like one
 * - its message up to the first value that it quotes, and if a hook of the host threw it no message at all
 * - the lines of its stack that say where it was, without the message before them
 * - the same of its causes and of the errors that it gathers
 * - the code and hint of an error of ours
 *
 * Nothing else leaves. Drivers put what they were doing on their errors, such as a command with all its arguments, and
 * so an offer, a visitor's address and user, or a password. What a hook says may describe a person.
 */
import { isOffersightError, OffersightError } from '../../errors.js';

const MAX_DEPTH = 8;
/** Such as `SQLITE_FULL` or `ECONNREFUSED`; what a hook's error has there may be anything. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
/** More may be a person's number. */
const LARGEST_CODE = 99_999;
/** A longer name, or another one, may be a sentence. */
const NAME = /^[A-Za-z_$][\w$]{0,49}$/;
/**
 * A quoted value and everything behind it, since the value may have quotes itself. A database may quote as its language does.
 * An apostrophe follows a letter.
 */
const QUOTED = /(?:["`“”„«»‹›]|(?<![\p{L}\p{N}])['‘‚]).*/su;
/** A user and a password in a URL. */
const CREDENTIALS = /\/\/\S*@/g;
/** How a stack begins whose error has no message. A library that maps frames to their sources leaves the colon. */
const NAMED_ONLY = /^[A-Za-z_$][\w$]{0,49}(?: \[\w+\])?(?:: ?)?\n/;
const FRAME = /^ +at .*(?::\d+:\d+\)?|\(<anonymous>\)|\(native\)|\(index \d+\))$/;
const NO_ERROR = 'Something was thrown that is not an error.';
const OF_A_HOOK = 'A hook threw this. Its message is left out, since it may describe a person.';

const cut = (text: string): string => text.replace(CREDENTIALS, '//…@').replace(QUOTED, '…');

type Thrown = Partial<Record<'name' | 'message' | 'code' | 'stack' | 'cause' | 'errors', unknown>>;

/**
 * The stack without the message, which stands before the lines that say where it was. A frame could have the same words,
 * so their first occurrence counts; and a name could begin with them, so they have to be all of what follows it.
 * @returns Nothing if the stack has another message: a line of that one could look like a frame.
 */
const withoutMessage = (stack: string, message: string): string => {
  const text = `${stack}\n`;
  if (message === '') return NAMED_ONLY.test(text) ? text : '';
  if (text.startsWith(`${message}\n`)) return text.slice(message.length);
  const at = text.indexOf(`: ${message}\n`);
  return at === -1 ? '' : text.slice(at + 2 + message.length);
};

const framesOf = (stack: unknown, message: unknown): string => {
  if (typeof stack !== 'string' || typeof message !== 'string') return '';
  return withoutMessage(stack, message)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .map((line) => `\n${line}`)
    .join('');
};

const codeOf = (code: unknown): { readonly code: string | number } | undefined => {
  if (typeof code === 'string') return SYSTEM_CODE.test(code) ? { code } : undefined;
  return typeof code === 'number' && Math.abs(code) <= LARGEST_CODE ? { code } : undefined;
};

/** Makes a copy with nothing but what the list has. */
const copyOf = (thrown: unknown, isOfHook: boolean, depth: number): unknown => {
  if (typeof thrown === 'string' && !isOfHook) return cut(thrown);
  const isObject = (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function';
  if (!isObject) return isOfHook ? new Error(OF_A_HOOK) : thrown;
  if (depth === 0) return undefined;
  const { name, message, code, stack, cause, errors }: Thrown = thrown;
  const own = typeof message === 'string' ? cut(message) : NO_ERROR;
  const words = isOfHook ? OF_A_HOOK : own;
  const copyBelow = (one: unknown): unknown => copyOf(one, isOfHook, depth - 1);
  const below = cause === undefined ? undefined : { cause: copyBelow(cause) };
  const isOurs = isOffersightError(thrown) && !isOfHook;
  const make = (): Error => {
    if (isOurs) return new OffersightError(thrown.code, thrown.hint, below?.cause);
    return Array.isArray(errors)
      ? new AggregateError(errors.map(copyBelow), words, below)
      : new Error(words, below);
  };
  const copy = make();
  const ownName = typeof name === 'string' && NAME.test(name) ? name : 'Error';
  // Hidden, as they are on any error, so that what prints the copy does not print them twice.
  Object.defineProperty(copy, 'name', { value: ownName });
  Object.defineProperty(copy, 'stack', { value: `${ownName}: ${copy.message}${framesOf(stack, message)}` });
  return isOurs ? copy : Object.assign(copy, codeOf(code));
};

/** A copy of what was thrown with nothing but what may be said of it. */
export const cleanCause = (thrown: unknown): unknown => copyOf(thrown, false, MAX_DEPTH);

/** A function of the host's, as the proxy calls it. What it gives is anything: hosts without types give what they like. */
export type Hook<Given extends readonly unknown[]> = (...given: Given) => Promise<unknown>;

/**
 * The same function as a promise, since any function may be asynchronous, whatever its type says. What it throws, or
 * rejects with, says only in which line that was. The caller catches that, or the process would end.
 */
export const hookOf =
  <Given extends readonly unknown[]>(hook: (...given: Given) => unknown): Hook<Given> =>
  (...given) =>
    new Promise((resolve) => resolve(hook(...given))).catch((cause: unknown) => {
      throw copyOf(cause, true, MAX_DEPTH);
    });

/** The system's or driver's code for a failure, wherever in the chain of causes it hides. */
export const systemCodeOf = (thrown: unknown, depth = MAX_DEPTH): string | undefined => {
  if (!(thrown instanceof Error) || depth === 0) return undefined;
  const { code, cause, errors }: Thrown = thrown;
  if (typeof code === 'string' && SYSTEM_CODE.test(code)) return code;
  // Such as when both address families were tried.
  return systemCodeOf(Array.isArray(errors) ? errors[0] : cause, depth - 1);
};
