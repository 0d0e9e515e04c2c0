/** Each test is run by `npm test` or `npm run proof`, and CONTRIBUTING says where each promise is shown. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endToEndFailures, unitFailures } from '../scripts/failures.mjs';
import { LONG_SPECS, LONG_UNITS, LONGEST_UNITS } from '../scripts/proofs.js';
import { STEPS } from '../scripts/steps.mjs';

const LONG = [...LONG_SPECS, ...LONG_UNITS];
const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
/** The table's rows, by where a promise is shown. */
const rowsOf = (where: string): string[] =>
  contributing.split('\n').filter((line) => line.startsWith('|') && line.includes(`| ${where} `));

describe('the list of long tests', () => {
  it.each(LONG)('names %s, which exists and has a row of its own', (file) => {
    expect(existsSync(file)).toBe(true);
    expect(rowsOf('`npm run proof`').filter((row) => row.includes(`\`${file}\``))).toHaveLength(1);
  });

  it('has everything that a row of the proof names', () => {
    const named = rowsOf('`npm run proof`').flatMap((row) => [...row.matchAll(/`((?:test|e2e)\/[^`]+)`/g)]);
    expect(named.map(([, file]) => file).sort()).toEqual([...LONG].sort());
  });
});

it.each(LONGEST_UNITS)('the list of what begins first names %s, which exists and is a short test', (file) => {
  expect(existsSync(file)).toBe(true);
  expect(LONG_UNITS).not.toContain(file);
});

it('the smoke of the other engines has tests', () => {
  expect(readFileSync('e2e/engines/engines.spec.ts', 'utf8')).toContain("tag: '@smoke'");
});

describe('the two commands', () => {
  const projectsOf = (command: 'test' | 'proof', tool: string): string[] =>
    STEPS[command]
      .flat()
      .filter((step) => step.command.includes(`npm run ${tool}`))
      .flatMap((step) => [...step.command.matchAll(/--project (\w+)/g)])
      .map(([, project = '']) => project);

  it.each([
    ['unit', 'vitest.config.ts', ['dom', 'node', 'proof', 'servers']],
    ['e2e', 'playwright.config.ts', ['promises', 'proof', 'proofWhole', 'smoke', 'whole']],
  ])('together run every project of %s', (tool, config, projects) => {
    const named = [...readFileSync(config, 'utf8').matchAll(/\bname: '(\w+)'/g)].map(([, name]) => name);
    // Projects with packages in a folder of their own are run by `npm run libraries`.
    expect(named.filter((name) => name !== 'libraries').sort()).toEqual(projects);
    expect([...projectsOf('test', tool), ...projectsOf('proof', tool)].sort()).toEqual(projects);
  });

  const total = (files: Readonly<Record<string, string>>): { line: string; code: number } => {
    const folder = mkdtempSync(join(tmpdir(), 'offersight-total-'));
    mkdirSync(join(folder, 'test-results'));
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, 'test-results', `${name}.txt`), text);
    try {
      const line = execFileSync(process.execPath, [resolve('scripts/total.mjs'), 'test', 'proof'], {
        cwd: folder,
        encoding: 'utf8',
      });
      return { line, code: 0 };
    } catch (cause) {
      const { stdout, status } = cause as { stdout: string; status: number };
      return { line: stdout, code: status };
    }
  };

  it('together print one line if all passed', () => {
    const files = { test: '5 passed, 0 failed\n', proof: '7 passed, 0 failed\n' };
    expect(total(files)).toEqual({ line: '12 passed, 0 failed\n', code: 0 });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a test failed',
      { test: '5 passed, 2 failed\none test\nanother\n', proof: '7 passed, 0 failed\n' },
      'one test\nanother\n12 passed, 2 failed\n',
    ],
    [
      'a command never ended',
      { test: '5 passed, 0 failed\n' },
      'npm run proof did not end\n5 passed, 1 failed\n',
    ],
  ])('fail together, and name the failures above that line, if %s', (_, files, line) => {
    expect(total(files)).toEqual({ line, code: 1 });
  });
});

describe('failures that the last lines name', () => {
  it('are the failed tests of Vitest, and files that could not be read', () => {
    const passed = { status: 'passed', fullName: 'a sum', failureMessages: [] };
    const failed = {
      status: 'failed',
      fullName: 'a difference',
      failureMessages: ['\u001b[31mexpected 1\u001b[39m'],
    };
    expect(
      unitFailures({
        testResults: [
          { name: 'a.test.ts', message: '', assertionResults: [passed, failed] },
          { name: 'b.test.ts', message: 'Unexpected token', assertionResults: [] },
        ],
      }),
    ).toEqual(['a.test.ts: a difference\n    expected 1', 'b.test.ts\n    Unexpected token']);
  });

  it('are the tests of Playwright that did not pass at once, with so much of the message that it can be understood', () => {
    const message = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`).join('\n');
    const test = (status: string, errors: { message: string }[]) => ({
      projectName: 'proof',
      status,
      results: [{ errors }],
    });
    const spec = (title: string, ...tests: ReturnType<typeof test>[]) => ({
      file: 'a.spec.ts',
      line: 3,
      title,
      tests,
    });
    const failures = endToEndFailures({
      suites: [
        {
          specs: [spec('passes', test('expected', []))],
          suites: [
            {
              specs: [
                spec('fails', test('unexpected', [{ message }])),
                spec('is left out', test('skipped', [])),
              ],
            },
          ],
        },
      ],
      errors: [{ message: 'no server' }],
    });
    expect(failures).toHaveLength(3);
    expect(failures[0]).toBe('before any test\n    no server');
    expect(failures[1]?.split('\n')).toHaveLength(13);
    expect(failures[1]).toContain('[proof] a.spec.ts:3: fails: unexpected\n    line 1\n');
    expect(failures[2]).toContain('is left out: skipped');
  });
});
