/** The engine's garbage collector at a moment of a test's choosing. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects whatever nothing holds, behind the task that runs. */
export const collectGarbage = async (): Promise<void> => {
  // What a task has touched is held until its end.
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
};
