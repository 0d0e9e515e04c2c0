/** Lets a test run the engine's garbage collector when it wants to. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects everything that nothing holds, after the task that runs. */
export const collectGarbage = async (): Promise<void> => {
  // The engine holds everything that a task has touched until the task ends.
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
};
