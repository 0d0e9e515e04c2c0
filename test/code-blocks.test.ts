/** Code in the documents can be copied: a formatter that takes it for a paragraph breaks it without a word. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of its first line in the file. */
  readonly line: number;
}

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

/** A command that follows a comment on its line is not run. */
const faultsOfShell = (text: string): number[] =>
  text
    .split('\n')
    .flatMap((line, at) => (/ # .*(?:&&|\bnp[mx] (?:ci|run|install)\b.* #)/.test(line) ? at : []));

const faultsOf = ({ language, text }: Block): number[] => {
  const kind = SCRIPT[language];
  if (kind !== undefined) return faultsOfScript(text, kind);
  if (language === 'nginx') return faultsOfNginx(text);
  return language === 'sh' ? faultsOfShell(text) : [];
};

const DOCUMENTS = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && !/^docs\/(?:api|reference)\/|^e2e\//.test(file));

describe('code in the documents', () => {
  it('can be read by the parser of its language, line by line as it was written', () => {
    const read = DOCUMENTS.flatMap((file) =>
      blocksIn(readFileSync(file, 'utf8')).map((block) => ({ file, block })),
    );
    expect(read.length).toBeGreaterThan(150);
    const faults = read.flatMap(({ file, block }) =>
      faultsOf(block).map((line) => `${file}:${block.line + line} ${block.language}`),
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
});
