/** Structured logs: one JSON object a line, from named fields only, bounded in length and in number. */
import { platformRuntime } from '../../runtime.js';

/** What a line may say; nothing of a request is among it but what the proxy itself decided. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const MAX_TEXT = 500;
/** So many lines of one message in a second; the rest is counted, and the next line has the count. */
const MAX_PER_SECOND = 20;
const SECOND_MS = 1_000;

/** Makes a log that writes to a stream. */
export const createLog = (stream: { write(text: string): unknown }): Log => {
  const { now } = platformRuntime();
  const seen = new Map<string, { from: number; lines: number; left: number }>();

  const write = (level: 'info' | 'error', message: string, fields: LogFields = {}): void => {
    const at = now();
    const count = seen.get(message) ?? { from: at, lines: 0, left: 0 };
    if (at - count.from >= SECOND_MS || at < count.from) Object.assign(count, { from: at, lines: 0 });
    seen.set(message, count);
    if (++count.lines > MAX_PER_SECOND) {
      count.left++;
      return;
    }
    const cut = Object.entries<LogFields[string]>({
      ...fields,
      left_out: count.left || undefined,
    }).map(([name, value]): [string, unknown] => [
      name,
      typeof value === 'string' ? value.slice(0, MAX_TEXT) : value,
    ]);
    count.left = 0;
    // JSON escapes what could end a line or colour a terminal.
    stream.write(
      `${JSON.stringify({ time: new Date(at).toISOString(), level, message, ...Object.fromEntries(cut) })}\n`,
    );
  };

  return {
    info: (message, fields) => write('info', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
};
