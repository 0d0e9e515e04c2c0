/** The files for browsers contain nothing that a strict policy forbids, even in code that no page runs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { textIntoCode } from '../fixtures/text-into-code.js';

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }))
    .filter((file) => file.endsWith('.js') && !file.startsWith('proxy/'))
    .map((file) => join(folder, file));

test.describe('a string that would become code is found', () => {
  const FOUND = {
    'eval("1")': ['eval'],
    '(0, eval)("1")': ['eval'],
    'globalThis["eval"]("1")': ['eval'],
    'Reflect.get(window, "eval")("1")': ['eval'],
    'new Function("return 1")': ['Function'],
    '[].at.constructor("return 1")()': ['constructor'],
    'setTimeout("f()", 1)': ['setTimeout'],
    'setTimeout("f(" + x + ")")': ['setTimeout'],
    'window.setInterval(`f(${x})`)': ['setInterval'],
    'element.innerHTML = x': ['innerHTML'],
    'element["outerHTML"] = x': ['outerHTML'],
    'element.innerHTML += x': ['innerHTML'],
    '[element.innerHTML] = x': ['innerHTML'],
    'const { innerHTML } = element': ['innerHTML'],
    'element.style.color = "red"': ['style'],
    'element.setAttribute("style", x)': ['setAttribute'],
    'element.setAttribute("onclick", x)': ['setAttribute'],
    'document.createElement("script")': ['createElement'],
    'document.createElementNS(svg, "script")': ['createElementNS'],
    'document.write(x)': ['document.write'],
    'importScripts("/x.js")': ['importScripts'],
    'import(x)': ['import'],
    'new Worker(x)': ['Worker'],
    'location = "javascript:f()"': ['javascript:f()'],
  };
  for (const [code, names] of Object.entries(FOUND))
    test(code, () => {
      expect(textIntoCode(code)).toEqual(names);
    });

  test('and code that only looks like it is not reported', () => {
    const harmless = `
      // eval('1'), element.innerHTML, new Function
      const told = 'eval("1") and importScripts("/x.js")';
      setTimeout(() => told, 1); retrieval(told); Function.prototype; element.constructor; stream.write(told); stream.write(element.outerHTML);
      getComputedStyle(element).display; import('./later.js'); element.setAttribute('data-offer-id', told);
      document.createElement('template'); const pattern = /eval\\(/;`;
    expect(textIntoCode(harmless)).toEqual([]);
  });
});

/**
 * Parts of Preact that an application could use. The inspector's own modules, which are files of the build as well, do
 * not use them. Preact sets styles one by one, which a strict policy allows.
 */
const PREACT = [
  ...['style', 'cssText', 'style', 'cssText', 'style', 'style'],
  ...['innerHTML', 'innerHTML', 'constructor'],
];

const MEANT: Readonly<Record<string, readonly string[]>> = {
  // They import the parts that a page needs later from their own folder.
  [join('dist', 'offersight.js')]: ['import'],
  [join('dist', 'offersight-offers.js')]: ['import'],
  [join('dist', 'offersight-inspector.js')]: PREACT,
  [join('test-results', 'module', 'inspector.js')]: PREACT,
};

test('no file of the package for browsers turns strings into code, markup or styles (attack 66)', async () => {
  const files = [...(await filesOf('dist')), ...(await filesOf('test-results/module'))];
  for (const file of [
    'index.js',
    'offersight.js',
    'offersight-offers.js',
    'offersight-more.js',
    'offersight-worker.js',
    'service-worker.js',
    'client/later/offer-part.js',
    'tools/inspector/view/panel.js',
  ])
    expect(files).toContain(join('dist', file));
  // This is an application's build, which contains other packages.
  expect(files.filter((file) => file.startsWith('test-results')).length).toBeGreaterThan(1);
  for (const file of files)
    expect([file, textIntoCode(await readFile(file, 'utf8'), file)]).toEqual([file, MEANT[file] ?? []]);
});

test('the script file asks Chromium to compile it beside the download, which only the first line can', async () => {
  const [first, ...others] = (await readFile(join('dist', 'offersight.js'), 'utf8')).split('\n');
  expect(first).toBe('//# allFunctionsCalledOnLoad');
  expect(others.join('\n')).toMatch(/^!function/);
});
