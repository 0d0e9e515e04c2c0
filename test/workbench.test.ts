/** Each test is run by `npm test` or `npm run proof`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endToEndFailures, unitFailures } from '../scripts/failures.mjs';
import { LIST, LISTED, onceOf } from '../scripts/once.mjs';
import { LONG_SPECS, LONG_UNITS, LONGEST_UNITS } from '../scripts/proofs.mjs';
import { STEPS } from '../scripts/steps.mjs';

const LONG = [...LONG_SPECS, ...LONG_UNITS];

it.each(LONG)('the list of long tests names %s, which exists', (file) => {
  expect(existsSync(file)).toBe(true);
});

it.each(LONGEST_UNITS)('the list of what begins first names %s, which exists and is a short test', (file) => {
  expect(existsSync(file)).toBe(true);
  expect(LONG_UNITS).not.toContain(file);
});

it('the linter reads every script with types but those of other projects', () => {
  const linesOf = (command: string, ...args: string[]) =>
    execFileSync(command, args, { encoding: 'utf8' }).trim().split('\n').sort();
  const elsewhere = /^(e2e\/apps|demo\/public|test\/types\/(page|server))\//;
  const own = linesOf(
    'git',
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    '*.ts',
    '*.tsx',
  ).filter((file) => existsSync(file) && !elsewhere.test(file));
  expect(own.length).toBeGreaterThan(900);
  const read = new Set(linesOf('npx', 'oxlint', '--debug=files'));
  expect(own.filter((file) => !read.has(file))).toEqual([]);
});

it('every file that has tests is one that a command runs, or is imported by one', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && existsSync(file))
    .filter((file) => !/^(e2e\/apps|docs|demo)\//.test(file));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const isRun = (file: string): boolean => /^test\/.*\.test\.ts$|^e2e\/.*\.spec\.ts$/.test(file);
  const tests = files.filter((file) => /^\s*(it|test|describe)(\.\w+)*\(/m.test(texts.get(file) ?? ''));
  expect(tests.length).toBeGreaterThan(300);
  const run = [...texts].flatMap(([file, text]) => (isRun(file) ? [text] : [])).join('\n');
  const isImported = (file: string): boolean => run.includes(`/${basename(file).replace(/ts$/, 'js')}'`);
  const alone = tests.filter(
    (file) => !isRun(file) && !/^test\/.*\.contract\.ts$/.test(file) && !isImported(file),
  );
  expect(alone).toEqual([]);
  const contracts = files.filter((file) => /\.contract\.ts$/.test(file));
  const all = [...texts.values()].join('\n');
  expect(contracts.filter((file) => !all.includes(`/${basename(file).replace(/ts$/, 'js')}'`))).toEqual([]);
  // The project of the libraries has one file, so another of this name would be in no project.
  expect(files.filter((file) => basename(file) === 'libraries.spec.ts')).toEqual([
    'e2e/libraries/libraries.spec.ts',
  ]);
});

it('every test that CONTRIBUTING names is there', () => {
  const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
  const named = contributing.match(/(?:test|e2e)\/[\w./-]+\.(?:test|spec)\.ts/g) ?? [];
  // The first one says how the path of a test follows from that of its file.
  expect(named.filter((file) => !existsSync(file))).toEqual(['test/a/b.test.ts']);
});

it('the smoke of the other engines has tests', () => {
  expect(readFileSync('e2e/engines/engines.spec.ts', 'utf8')).toContain("tag: '@smoke'");
});

describe('the two commands', () => {
  const projectsOf = (command: 'test' | 'proof', tool: string): string[] =>
    STEPS[command]
      .flat(2)
      .filter((step) => step.command.includes(`npm run ${tool}`))
      .flatMap((step) => [...step.command.matchAll(/--project (\w+)/g)])
      .map(([, project = '']) => project);

  it.each([
    ['unit', 'vitest.config.ts', ['alone', 'dom', 'node', 'proof', 'servers']],
    ['e2e', 'playwright.config.ts', ['light', 'whole']],
  ])('together run every project of %s', (tool, config, projects) => {
    const named = [...readFileSync(config, 'utf8').matchAll(/\bname: '(\w+)'/g)].map(([, name]) => name);
    // Projects with packages in a folder of their own are run by `npm run libraries`.
    expect(named.filter((name) => name !== 'libraries').sort()).toEqual(projects);
    const run = new Set([...projectsOf('test', tool), ...projectsOf('proof', tool)]);
    expect([...run].sort()).toEqual(projects);
  });

  it('divide the end-to-end tests by one list', () => {
    const [shown, others] = (['test', 'proof'] as const).map((command) =>
      STEPS[command].flat(2).find((step) => step.command.includes('--project light')),
    );
    const projects = LISTED.map((project) => `--project ${project}`).join(' ');
    expect(shown?.command).toMatch(new RegExp(`${projects} --test-list ${LIST}$`));
    expect(others?.command).toMatch(new RegExp(`${projects} --test-list-invert ${LIST}$`));
    for (const command of ['test', 'proof'] as const) {
      const commands = STEPS[command].flat(2).map((step) => step.command);
      const made = commands.indexOf('node scripts/once.mjs');
      expect(made).toBeGreaterThan(-1);
      expect(commands.findIndex((each) => each.includes(LIST))).toBeGreaterThan(made);
    }
  });

  it('divide the end-to-end tests between two browsers by one pattern, which every long test of several pages matches', () => {
    const config = readFileSync('playwright.config.ts', 'utf8');
    expect([...config.matchAll(/grep(?:Invert)?: WHOLE\b/g)].map(([text]) => text).sort()).toEqual([
      'grep: WHOLE',
      'grepInvert: WHOLE',
    ]);
    expect(config).toMatch(/WHOLE =\s*\/@whole\|/);
    const pattern = /WHOLE =\s*\/(.*)\/;/.exec(config)?.[1];
    const ofPages = /^e2e\/(busy|chaos|engines)\b/;
    for (const file of LONG_SPECS)
      expect([file, new RegExp(pattern ?? '').test(file)]).toEqual([file, ofPages.test(file)]);
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

describe('the list of end-to-end tests that show every promise once', () => {
  const spec = (title: string, line: number, ...projects: string[]) => ({
    title,
    file: 'a.spec.ts',
    line,
    tests: projects.map((projectName) => ({ projectName })),
  });
  const listOf = (...parts: Parameters<typeof onceOf>[0]['suites']) => onceOf({ suites: parts });

  it('has the first test of each group, also of a group inside another', () => {
    const inner = { title: 'inner', specs: [spec('third', 3, 'light'), spec('fourth', 4, 'light')] };
    const outer = {
      title: 'outer',
      specs: [spec('first', 1, 'light'), spec('second', 2, 'light')],
      suites: [inner],
    };
    expect(listOf({ title: 'a.spec.ts', suites: [outer] })).toEqual([
      '[light] › a.spec.ts › outer › first',
      '[light] › a.spec.ts › outer › inner › third',
    ]);
  });

  it('has the first row of each table outside groups', () => {
    const specs = [spec('one', 1, 'light'), spec('row', 2, 'light'), spec('further row', 2, 'light')];
    expect(listOf({ title: 'a.spec.ts', specs })).toEqual([
      '[light] › a.spec.ts › one',
      '[light] › a.spec.ts › row',
    ]);
  });

  it('has each test that names a fault or an attack', () => {
    const specs = [
      spec('first', 1, 'light'),
      spec('second (fault 12)', 2, 'light'),
      spec('third (attacks 4, 5)', 3, 'light'),
      spec('a row (fault 7)', 4, 'light'),
      spec('another row (fault 7)', 4, 'light'),
      spec('another row (fault 8)', 4, 'light'),
      spec('fourth (without fault)', 5, 'light'),
    ];
    expect(listOf({ title: 'a.spec.ts', suites: [{ title: 'group', specs }] })).toEqual([
      '[light] › a.spec.ts › group › first',
      '[light] › a.spec.ts › group › second (fault 12)',
      '[light] › a.spec.ts › group › third (attacks 4, 5)',
      '[light] › a.spec.ts › group › a row (fault 7)',
      '[light] › a.spec.ts › group › another row (fault 7)',
      '[light] › a.spec.ts › group › another row (fault 8)',
    ]);
  });

  it('has the smoke of a file that takes longer, and nothing else of it', () => {
    const [, file = ''] =
      /^e2e\/(.*engines.*)$/.exec(LONG_SPECS.find((long) => long.includes('engines/')) ?? '') ?? [];
    const specs = [
      spec('first (fault 12)', 1, 'whole'),
      { ...spec('second', 2, 'whole'), tags: ['smoke'] },
      { ...spec('third', 3, 'whole'), tags: ['smoke', 'slow'] },
      { ...spec('fourth', 4, 'whole'), tags: ['slow'] },
    ].map((each) => ({ ...each, file }));
    expect(listOf({ title: file, suites: [{ title: 'group', specs }] })).toEqual([
      `[whole] › ${file} › group › second`,
      `[whole] › ${file} › group › third`,
    ]);
  });

  it('has the first test of each project in a group that several have', () => {
    const specs = [spec('first', 1, 'light'), spec('second', 2, 'whole'), spec('third', 3, 'whole')];
    expect(listOf({ title: 'a.spec.ts', suites: [{ title: 'group', specs }] })).toEqual([
      '[light] › a.spec.ts › group › first',
      '[whole] › a.spec.ts › group › second',
    ]);
  });

  it('refuses a title that such a list could not name', () => {
    const specs = [spec('from › to', 1, 'light')];
    expect(() => listOf({ title: 'a.spec.ts', specs })).toThrow('write it without ›');
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

  it('are files in which something failed before the tests, and in CI what was left out', () => {
    const skipped = { status: 'skipped', fullName: 'left out', failureMessages: [] };
    const failedBefore = {
      name: 'a.test.ts',
      status: 'failed',
      message: '',
      assertionResults: [skipped],
    };
    const passed = { status: 'passed', fullName: 'passes', failureMessages: [] };
    const only = { name: 'b.test.ts', status: 'passed', message: '', assertionResults: [passed, skipped] };
    expect(unitFailures({ testResults: [failedBefore, only] })).toEqual([
      'a.test.ts\n    Something failed before the tests that need it: see above.',
    ]);
    expect(unitFailures({ testResults: [only] }, true)).toEqual([
      'b.test.ts: left out\n    It was left out: skipped.',
    ]);
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
    const report = {
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
    };
    expect(endToEndFailures(report)).toHaveLength(2);
    const failures = endToEndFailures(report, true);
    expect(failures).toHaveLength(3);
    expect(failures[0]).toBe('before any test\n    no server');
    expect(failures[1]?.split('\n')).toHaveLength(13);
    expect(failures[1]).toContain('[proof] a.spec.ts:3: fails: unexpected\n    line 1\n');
    expect(failures[2]).toContain('is left out: skipped');
  });
});
