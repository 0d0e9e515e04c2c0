/** The files for browsers contain nothing that a strict policy forbids, even in code that no page runs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';

/** Strings that become code, markup or styles, as the minified code and the modules write them. */
const FORBIDDEN = [
  /\b(?:eval|execScript|importScripts|insertAdjacentHTML|createContextualFragment|setHTMLUnsafe|parseHTMLUnsafe|parseFromString)\s*\(/,
  /\bnew (?:Function|SharedWorker|Worker)\b|\bFunction\s*\(/,
  /\.(?:innerHTML|outerHTML|srcdoc|cssText)\s*[+=]=?[^=]/,
  /\bset(?:Timeout|Interval)\s*\(\s*["'`]/,
  /setAttribute\w*\(\s*["'`](?:style|on\w+|src|href|srcdoc)["'`]/,
  /createElement\w*\(\s*["'`](?:script|style|link|iframe|object|embed|base|svg)["'`]/,
  /["'`](?:data:text\/|blob:)/,
  /\.style\.\w+\s*=[^=]/,
];

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }))
    // Preact, which only the inspector has, could set markup and styles, of which nothing in the inspector makes use.
    .filter((file) => file.endsWith('.js') && !/^(?:proxy|tools\/doctor)\/|inspector\.js$/.test(file))
    .map((file) => join(folder, file));

test('no file of the package for browsers turns strings into code, markup or styles (attack 66)', async () => {
  const files = [...(await filesOf('dist')), ...(await filesOf('test-results/module'))];
  for (const file of [
    'index.js',
    'offersight.js',
    'offersight-offers.js',
    'offersight-worker.js',
    'tools/inspector/view/panel.js',
  ])
    expect(files).toContain(join('dist', file));
  // This is an application's build, which contains other packages.
  expect(files.filter((file) => file.startsWith('test-results')).length).toBeGreaterThan(1);
  for (const file of files) {
    // Comments may name what the code must not do.
    const code = (await readFile(file, 'utf8')).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    expect([file, FORBIDDEN.flatMap((words) => words.exec(code)?.[0] ?? [])]).toEqual([file, []]);
  }
});

test('the script file asks Chromium to compile it beside the download, which only the first line can', async () => {
  const [first, ...others] = (await readFile(join('dist', 'offersight.js'), 'utf8')).split('\n');
  expect(first).toBe('//# allFunctionsCalledOnLoad');
  expect(others.join('\n')).toMatch(/^!function/);
});
