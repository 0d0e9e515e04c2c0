/** Long answers are made in portions, so that the process goes on taking events meanwhile. */
import { platformRuntime } from '../../runtime.js';

/** Lets the process do something else. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    platformRuntime().after(0, resolve);
  });
