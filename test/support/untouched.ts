/** The assertion that follows every refusal. */
import { expect } from 'vitest';
import type { StartedProxy } from './proxy.js';

/** Asserts that nothing of a refused request went further: neither the intake nor, even later, the upstream has it. */
export const expectUntouched = async ({
  runtime,
  intake,
}: Pick<StartedProxy, 'runtime' | 'intake'>): Promise<void> => {
  await runtime.advance(120_000);
  expect(await intake.list({ limit: 10 })).toEqual([]);
  expect(runtime.calls).toEqual([]);
};
