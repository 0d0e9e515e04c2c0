/** Code in the documents can be copied: a formatter that takes it for a paragraph breaks it without a word. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse as parseHtml } from 'parse5';
import { compile as compileSvelte } from 'svelte/compiler';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse as parseVue } from 'vue/compiler-sfc';

interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of its first line in the file. */
  readonly line: number;
}

/** Takes the place of the language of a block that nothing closes. */
const UNCLOSED = 'unclosed';

const blocksIn = (markdown: string): Block[] => {
  const blocks: Block[] = [];
  let open: { fence: string; language: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of markdown.split('\n').entries()) {
    const [, fence = '', language = ''] = /^ *(`{3,})(\w*)/.exec(line) ?? [];
    if (open && fence === open.fence) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) open = { fence, language, line: at + 2, lines: [] };
  }
  if (open) blocks.push({ language: UNCLOSED, text: '', line: open.line - 1 });
  return blocks;
};

const SCRIPT: Readonly<Record<string, ts.ScriptKind>> = {
  js: ts.ScriptKind.JS,
  jsx: ts.ScriptKind.JSX,
  ts: ts.ScriptKind.TS,
  tsx: ts.ScriptKind.TSX,
};

/** Statements that begin on one line, though nothing holds them on one line. */
const crowded = (source: ts.SourceFile): number[] => {
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const faults: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isSourceFile(node) || ts.isBlock(node)) {
      const isOneLine = lineAt(node.getStart(source)) === lineAt(node.getEnd());
      const lines = node.statements.map((statement) => lineAt(statement.getStart(source)));
      if (!isOneLine) faults.push(...lines.filter((line, at) => line === lines[at - 1]));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
};

/** What a parser finds wrong, apart from the mark for something that is left out. */
const faultsOfScript = (text: string, kind: ts.ScriptKind): number[] => {
  const program = ts.createSourceFile(
    'block.tsx',
    text.replaceAll('…', '_'),
    ts.ScriptTarget.Latest,
    true,
    kind,
  );
  const { parseDiagnostics = [] } = program as unknown as {
    readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[];
  };
  const lines = parseDiagnostics.map(({ start }) => program.getLineAndCharacterOfPosition(start).line);
  return [...lines, ...crowded(program)];
};

/** A line of nginx has one directive, or one block that ends on it. */
const faultsOfNginx = (text: string): number[] =>
  text.split('\n').flatMap((line, at) => {
    const code = line.replace(/#.*/, '').trim();
    const isWhole = /^(?:[^{};]+;|[^{};]+\{|\}|[^{};]+\{(?: [^{};]+;)* ?\})?$/.test(code);
    return isWhole && !/; *#.*\b[a-z_]+_[a-z]+ /.test(line) ? [] : at;
  });

/** The lines that the shell cannot read. */
const unreadByShell = (text: string): number[] => {
  const { stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
  return [...new Set([...stderr.matchAll(/line (\d+):/g)].map(([, line]) => Number(line) - 1))];
};

/** A command that follows a comment on its line is not run. */
const hiddenFromShell = (text: string): number[] =>
  text
    .split('\n')
    .flatMap((line, at) => (/ # .*(?:&&|\bnp[mx] (?:ci|run|install)\b.* #)/.test(line) ? at : []));

/** Whether the shell can read each of these; one shell for all of them, since starting it costs more than reading. */
const areReadByShell = (texts: readonly string[]): boolean =>
  unreadByShell(texts.map((text, at) => `block${at}() {\n${text}\n:\n}`).join('\n')).length === 0;

const faultsOfJson = (text: string): number[] => {
  try {
    JSON.parse(text);
    return [];
  } catch {
    return [0];
  }
};

/** What the HTML standard calls a parse error, except that a fragment has no doctype. */
const faultsOfHtml = (text: string): number[] => {
  const faults: number[] = [];
  parseHtml(text, {
    onParseError: ({ code, startLine }) => {
      if (!/^missing-doctype$/.test(code)) faults.push(startLine - 1);
    },
  });
  return faults;
};

const faultsOfVue = (text: string): number[] =>
  parseVue(text).errors.map((error) => ('loc' in error && error.loc ? error.loc.start.line - 1 : 0));

const faultsOfSvelte = (text: string): number[] => {
  try {
    compileSvelte(text, { generate: false });
    return [];
  } catch (error) {
    return [((error as { start?: { line: number } }).start?.line ?? 1) - 1];
  }
};

/** A line of a difference is added, removed, or stays; lines with its places and files may be left out. */
const faultsOfDiff = (text: string): number[] =>
  text.split('\n').flatMap((line, at) => (/^(?:[+ -]|@@ |diff |index |$)/.test(line) ? [] : at));

/** How to read the code of each language. Those without a parser here are shown in the documents and run elsewhere. */
const READERS: Readonly<Record<string, (text: string) => number[]>> = {
  ...Object.fromEntries(
    Object.entries(SCRIPT).map(([language, kind]) => [
      language,
      (text: string) => faultsOfScript(text, kind),
    ]),
  ),
  diff: faultsOfDiff,
  html: faultsOfHtml,
  json: faultsOfJson,
  nginx: faultsOfNginx,
  sh: (text) => [...unreadByShell(text), ...hiddenFromShell(text)],
  svelte: faultsOfSvelte,
  vue: faultsOfVue,
  // Tests of the recipes give these to the programs that read them.
  apache: () => [],
  ini: () => [],
  sql: () => [],
  toml: () => [],
  // Output, requests and answers.
  http: () => [],
  text: () => [],
};

const faultsOf = ({ language, text }: Block, readers = READERS): number[] => readers[language]?.(text) ?? [0];

const DOCUMENTS = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && !/^docs\/api\/|^e2e\//.test(file));

describe('code in the documents', () => {
  it('can be read by the parser of its language, line by line as it was written', () => {
    const read = DOCUMENTS.flatMap((file) =>
      blocksIn(readFileSync(file, 'utf8')).map((block) => ({ file, block })),
    );
    expect(read.length).toBeGreaterThan(150);
    const shell = read.flatMap(({ block }) => (block.language === 'sh' ? block.text : []));
    const readers = areReadByShell(shell) ? { ...READERS, sh: hiddenFromShell } : READERS;
    const faults = read.flatMap(({ file, block }) =>
      faultsOf(block, readers).map((line) => `${file}:${block.line + line} ${block.language}`),
    );
    expect(faults).toEqual([]);
  });

  it.each([
    [
      'ts',
      "const tracker = createOfferTracker({ endpoint: '/e', }); const stop = tracker.observe(element);\nstop();",
    ],
    ['ts', "tracker.accept('a'); // accepted:\n  it can no longer be dismissed"],
    ['nginx', 'server { listen 443 ssl; location /admin/ {\n  proxy_pass http://127.0.0.1:8788;\n} }'],
    ['nginx', 'proxy_set_header Host $host; # required proxy_set_header X-Forwarded-For $remote_addr;'],
    ['sh', 'npm start # the demo npm run quick # lint'],
  ])('that was wrapped like a paragraph is found: %s', (language, text) => {
    expect(faultsOf({ language, text, line: 1 })).not.toEqual([]);
  });

  it.each([
    ['sh', "npx offersight doctor 'https://shop.example", 'npx offersight doctor https://shop.example'],
    ['json', '{ "port": 8787, }', '{ "port": 8787 }'],
    ['html', '<p data-offer-id="a" data-offer-id="b">An offer</p>', '<p data-offer-id="a">An offer</p>'],
    ['html', '<article data-offer-id="a"', '<article data-offer-id="a"></article>'],
    ['vue', '<template><p></template>', '<template><p></p></template>'],
    ['svelte', '<p>{#if offer}</p>', '{#if offer}<p></p>{/if}'],
    ['diff', '+one\ntwo', '+one\n two'],
    ['tyepscript', 'let a = 1;', undefined],
    ['', 'let a = 1;', undefined],
  ])('that cannot be read is found: %s', (language, wrong, right) => {
    expect(faultsOf({ language, text: wrong, line: 1 })).not.toEqual([]);
    if (right !== undefined) expect(faultsOf({ language, text: right, line: 1 })).toEqual([]);
  });

  it('that is not closed is found', () => {
    expect(blocksIn('text\n\n```sh\nnpm ci\n').flatMap((block) => faultsOf(block))).toEqual([0]);
  });
});
