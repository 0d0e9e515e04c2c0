import type { FullResult, Suite, TestCase } from '@playwright/test/reporter';
import { describe, expect, test, vi } from 'vitest';
import TableReporter from '../e2e/fixtures/table-reporter.js';

const PASSED = { status: 'passed' } as FullResult;

/** A test of a cell, with how it ended. Without that it never ran. */
const cell = (
  row: string,
  column: string,
  ended?: 'expected' | 'unexpected',
  reason?: string,
  spec = 'stacks',
): TestCase =>
  ({
    annotations: [
      { type: 'row', description: row },
      { type: 'column', description: column },
      ...(reason ? [{ type: 'does-not-apply', description: reason }] : []),
    ],
    location: { file: `/here/e2e/${spec}.spec.ts`, line: 1, column: 1 },
    results: ended ? [{ status: ended === 'expected' ? 'passed' : 'failed' }] : [],
    outcome: () => ended ?? 'skipped',
  }) as unknown as TestCase;

const report = async (...tests: TestCase[]) => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const reporter = new TableReporter();
  reporter.onBegin(undefined, { allTests: () => tests } as Suite);
  const result = await reporter.onEnd(PASSED);
  return { result, printed: log.mock.calls.flat().join('\n') };
};

describe('the table at a run’s end', () => {
  test('has a mark for each cell, and words if one does not apply', async () => {
    const { result, printed } = await report(
      cell('React', 'view', 'expected', 'hydrated: in the browser'),
      cell('React', 'close', 'unexpected'),
      cell('Next', 'view', 'expected'),
      cell('Next', 'hydrated', 'expected'),
    );
    const lines = printed
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/).map((text) => text.trim()));
    expect(lines).toEqual([
      ['view', 'hydrated', 'close'],
      ['React', '✓', 'in the browser', '✘'],
      ['Next', '✓', '✓', 'not selected'],
    ]);
    expect(result).toBeUndefined();
  });

  test('is one table for all kinds of rows, which say if a scenario is only for others', async () => {
    const { printed } = await report(
      cell('React', 'view', 'expected'),
      cell('React', 'route', 'expected'),
      cell('Firefox', 'view', 'expected', undefined, 'engines'),
      cell('Firefox', 'two tabs', 'expected', undefined, 'engines'),
    );
    expect(
      printed
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/ {2,}/)),
    ).toEqual([
      ['view', 'route', 'two tabs'],
      ['React', '✓', '✓', '·'],
      ['Firefox', '✓', '·', '✓'],
    ]);
  });

  test('fails a run in which a cell did not run', async () => {
    const { result, printed } = await report(cell('React', 'view', 'expected'), cell('React', 'close'));
    expect(result).toEqual({ status: 'failed' });
    expect(printed).toContain('did not run: React, close');
  });

  test('is silent when no test has a cell', async () => {
    const { printed } = await report({ ...cell('', ''), annotations: [] });
    expect(printed).toBe('');
  });
});
