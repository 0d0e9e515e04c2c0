/** What is asserted after everything that was refused. */
import { expect } from 'vitest';
import type { StartedProxy } from './proxy.js';

/** Nothing of what was refused went any further: the intake has nothing of it, and the upstream hears nothing, also later. */
export const expectUntouched = async ({
  runtime,
  intake,
}: Pick<StartedProxy, 'runtime' | 'intake'>): Promise<void> => {
  await runtime.advance(120_000);
  expect(await intake.list({ limit: 10 })).toEqual([]);
  expect(runtime.calls).toEqual([]);
};
