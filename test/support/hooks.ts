/** Functions of a host's that do everything but what they should. */
import { settle } from './runtime.js';

/** The names of the functions among options, so that the compiler misses one that has no row. */
export type FunctionsOf<Options> = {
  [Name in keyof Options]-?: NonNullable<Options[Name]> extends (...given: never) => unknown ? Name : never;
}[keyof Options];

type Broken = () => unknown;

const thrown = (): Error => new Error('of the host');

/** JavaScript throws anything; its type says what the linter asks for. */
const NOTHING = undefined as unknown as Error;

/** Each way in which a function may fail, and functions that fail so. */
export const WAYS = {
  throws: [
    () => {
      throw thrown();
    },
    () => {
      throw NOTHING;
    },
    // What looks at what it gave fails.
    () =>
      new Proxy(
        {},
        {
          get: () => {
            throw thrown();
          },
        },
      ),
  ],
  rejects: [
    () => Promise.reject(thrown()),
    async () => {
      await settle();
      throw NOTHING;
    },
    // A promise of another library's.
    // biome-ignore lint/suspicious/noThenProperty: it is one.
    () => ({ then: (_: unknown, reject: (cause: unknown) => void) => reject(thrown()) }),
  ],
  'never ends': [() => new Promise(() => undefined)],
  'gives rubbish': [
    () => Number.POSITIVE_INFINITY,
    () => Symbol('rubbish'),
    () => 10n,
    () => [],
    () => ({ ip: {}, user: [], device: true }),
    () => () => 'rubbish',
    async () => 10n,
  ],
} as const satisfies Readonly<Record<string, readonly Broken[]>>;

/** A way in which a function may fail. */
export type Way = keyof typeof WAYS;

/** Collects what would end a process: errors and rejections that nothing caught. */
export const watchEscapes = (): { readonly escaped: readonly unknown[]; stop(): Promise<void> } => {
  const escaped: unknown[] = [];
  const hear = (cause: unknown): void => void escaped.push(cause);
  process.on('unhandledRejection', hear).on('uncaughtException', hear);
  return {
    escaped,
    async stop() {
      // Node reports a rejection once its turn is over.
      await settle();
      process.off('unhandledRejection', hear).off('uncaughtException', hear);
    },
  };
};
