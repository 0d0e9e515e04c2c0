/** The rules read English wherever people meet it, and leave programs alone. Each file here has faults that they must find. */
import { describe, expect, it } from 'vitest';
import { lint } from '../../scripts/prose/lint.js';

/** The rules would read these here as well. */
const DASHES = '--';

/** Lines with a fault, each with the rule and the kind of text. */
const faultsIn = async (file: string, text: string): Promise<readonly string[]> =>
  (await lint(file, text)).map(({ line, rule, kind }) => `${line} ${rule} ${kind}`);

describe('strings of programs', () => {
  it('are read column by column if they are a help text', async () => {
    const help = [
      'const HELP = `room open NAME   tells the page that it is open',
      'room --version',
      '',
      'Everywhere: --port 8787  --host 127.0.0.1   where the page is told',
      '                                            about its host, which is not',
      '                                            of every day',
      '`;',
    ].join('\n');
    expect(await faultsIn('src/cli.ts', help)).toEqual([
      '1 words message',
      '4 words message',
      '5 words message',
    ]);
  });

  it.each([
    ['a comparison', "'If a < b, the page is told of it.'"],
    ['a brace', "'Write { and } where the page is told of it.'"],
    ['an object', "'Set it to { perMinute: 1000 }, so that the page is told of it.'"],
    ['an arrow of a menu', "'Choose Settings > Pages, where the page is told of it.'"],
    ['a break of a line', "'It is open.\\nThe page is told of it.\\n'"],
  ])('are read although they hold %s', async (_, text) => {
    expect(await faultsIn('src/room.ts', `export const text = ${text};`)).toEqual(['1 words message']);
  });

  it('are read as markup if they begin with a tag', async () => {
    const text = `export const page = \`<main title="The page is told of it">\n<h1>Told of \${name}</h1>\n<p>It shows \${name}, and nobody is told of it.</p></main>\`;`;
    expect(await faultsIn('src/page.ts', text)).toEqual([
      '1 words message',
      '2 words message',
      '3 words message',
    ]);
  });

  it('are not read if they are a program or a style sheet', async () => {
    const text = [
      "export const style = 'p { told: is told to the page and not to others; }';",
      'export const script = `local told = 1\nif told and not open then return told end\nreturn told`;',
      "export const query = 'SELECT told FROM pages WHERE told IS NOT NULL AND open';",
      "export const code = 'const told = (page) => page.is.told;';",
    ].join('\n');
    expect(await faultsIn('src/room.ts', text)).toEqual([]);
  });

  it('are read in a test only if they are printed', async () => {
    const text = "const text = 'The page is told of it.';\nconsole.log(text + 'The page is told of it.');";
    expect(await faultsIn('e2e/room/main.ts', text)).toEqual(['2 words message']);
  });
});

describe('titles of tests', () => {
  it.each([
    ['with a time limit', "it('is told', () => {}, 1_000);"],
    ['with a time limit in an object', "it('is told', () => {}, { timeout: 1_000 });"],
    ['with a tag', "test('is told', { tag: '@whole' }, async () => {});"],
    ['with a function that has a name', "it('is told', showsIt);"],
    ['with a function that a call makes', "test('is told', shows('it'));"],
    ['of a row', "it.each([1])('is told', showsIt, 1_000);"],
    ['without a function', "it.todo('is told');"],
    ['under a name of its own', "browserTest('is told', async () => {}, 1_000);"],
  ])('are read %s', async (_, text) => {
    expect(await faultsIn('test/room.test.ts', text)).toEqual(['1 words title']);
  });

  it('are not mixed up with what a pattern tests, or with a helper', async () => {
    const text = "/told/.test('it is told'); pattern.test('is told'); testPage('told'); items('told');";
    expect(await faultsIn('test/room.test.ts', text)).toEqual([]);
  });
});

describe('comments of other languages', () => {
  it.each([
    [
      'a script in Lua',
      'src/a.ts',
      'const A = `local a = 1\n-- It is told.\nreturn a -- It is told.`;',
      [2, 3],
    ],
    [
      'a part of one',
      'src/a.ts',
      `const A = \`\${MOVES}\n  -- It is \${told} not\n  -- of every day.\n\${END}\`;`,
      [2],
    ],
    ['a statement of SQL', 'src/a.ts', 'const A = `\n  -- It is told.\n  SELECT a FROM b;`;', [2]],
    ['a test', 'test/a.test.ts', 'const A = `\n  -- It is told.\n  SELECT a FROM b;`;', [2]],
    ['a file of Lua', 'src/a.lua', `${DASHES} It is told.\nlocal told = 1 ${DASHES} It is told.`, [1, 2]],
    ['a file of SQL', 'src/a.sql', `SELECT told FROM a; ${DASHES} It is told.`, [1]],
    [
      'a block of SQL in a document',
      'page.md',
      `So:\n\n\`\`\`sql\n${DASHES} It is told.\nSELECT told;\n\`\`\``,
      [4],
    ],
    ['JSON', 'tsconfig.json', '{\n  // It is told.\n  "told": 1\n}', [2]],
  ])('are read in %s', async (_, file, text, lines) => {
    expect(await faultsIn(file, text)).toEqual(lines.map((line) => `${line} words comment`));
  });

  it('are not mixed up with arguments', async () => {
    const text = "export const run = 'npm run -- told';\nexport const more = `told\n  --told 1`;";
    expect(await faultsIn('src/room.ts', text)).toEqual([]);
  });
});

describe('settings', () => {
  it.each([
    [
      'a manifest',
      'package.json',
      '{ "name": "told",\n"description": "Pages are told of offers." }',
      '2 words message',
    ],
    [
      'a schema',
      'a.schema.json',
      '{ "properties": { "told": {\n"description": "Whether it is told." } } }',
      '2 words message',
    ],
    ['a title of a schema', 'a.schema.json', '{\n"title": "How pages are told" }', '2 words message'],
    ['a workflow', '.github/workflows/a.yml', 'name: Told of it\non: push', '1 words cell'],
    [
      'a job',
      '.github/workflows/a.yml',
      `jobs:\n  told:\n    name: "Told on \${{ matrix.told }}"`,
      '3 words cell',
    ],
    [
      'a step',
      '.github/workflows/a.yml',
      "steps:\n  - name: 'Who is told' # a step\n    run: told",
      '2 words cell',
    ],
  ])('have their descriptions and names read in %s', async (_, file, text, fault) => {
    expect(await faultsIn(file, text)).toEqual([fault]);
  });

  it('have no other value read', async () => {
    expect(await faultsIn('package.json', '{ "scripts": { "told": "it is told to run" } }')).toEqual([]);
    expect(await faultsIn('package-lock.json', '{}')).toEqual([]);
  });
});

describe('documents and markup', () => {
  it.each([
    [
      'what a program prints',
      'page.md',
      'So:\n\n```text\nnpm   the page is told of it\n```',
      '4 words message',
    ],
    ['a block without a language', 'page.md', 'So:\n\n```\nThe page is told of it.\n```', '4 words message'],
    [
      'a block that is indented',
      'page.md',
      'So:\n\n    page.ts   what the page is told\n',
      '3 words message',
    ],
    [
      'a summary',
      'page.md',
      '<details>\n<summary>Told</summary>\n\nIt is so.\n\n</details>',
      '2 words message',
    ],
    ['a summary of a page', 'page.html', '<details>\n<summary>Told</summary></details>', '2 words message'],
    [
      'an attribute in single quotation marks',
      'page.html',
      "<img\nalt='The shop is told of it'>",
      '2 words message',
    ],
    [
      'a description for screen readers',
      'page.html',
      '<p\naria-description="The shop is told of it">',
      '2 words message',
    ],
    ['a file of text', 'notes.txt', 'The shop is told of it.', '1 words message'],
  ])('have %s read', async (_, file, text, fault) => {
    expect(await faultsIn(file, text)).toEqual([fault]);
  });
});
