/** Each test is run by `npm test` or `npm run proof`, and CONTRIBUTING says where each promise is shown. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONG_SPECS, LONG_UNITS } from '../scripts/proofs.js';
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

it('the smoke of the other engines has tests', () => {
  expect(readFileSync('e2e/engines.spec.ts', 'utf8')).toContain("tag: '@smoke'");
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
    ['e2e', 'playwright.config.ts', ['promises', 'proof', 'smoke', 'whole']],
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

  it('together print one line', () => {
    const files = { test: '5 passed, 0 failed\n', proof: '7 passed, 0 failed\n' };
    expect(total(files)).toEqual({ line: '12 passed, 0 failed\n', code: 0 });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a test failed',
      { test: '5 passed, 2 failed\n', proof: '7 passed, 0 failed\n' },
      '12 passed, 2 failed\n',
    ],
    ['a command never ended', { test: '5 passed, 0 failed\n' }, '5 passed, 1 failed\n'],
  ])('fail together if %s', (_, files, line) => {
    expect(total(files)).toEqual({ line, code: 1 });
  });
});
