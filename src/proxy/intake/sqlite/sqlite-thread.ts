/**
 * The entry of the thread that has the file. It does not import anything before it can say what went wrong, since the
 * host waits for its message.
 */
import { workerData } from 'node:worker_threads';
import type { Said, ThreadStart } from './sqlite-calls.js';

const start = workerData as ThreadStart;

try {
  const { serve } = await import('./sqlite-serving.js');
  serve(start);
} catch (cause) {
  const { name, message, code } = cause as NodeJS.ErrnoException;
  start.door.postMessage({ failure: { name, message, code } } satisfies Said);
  const said = new Int32Array(start.said);
  Atomics.add(said, 0, 1);
  Atomics.notify(said, 0);
}
