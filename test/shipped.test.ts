/** The package has only intended entries, and neither it nor what it needs runs anything when it is installed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as proxy from '../src/proxy/index.js';
import * as sqlite from '../src/proxy/intake/sqlite/sqlite.js';
import * as node from '../src/proxy/node.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const manifest = read('package.json') as Manifest;
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'));

/** A package and everything that it needs, by the lock file. */
const closureOf = (name: string, found = new Set<string>()): Set<string> => {
  if (found.has(name)) return found;
  found.add(name);
  for (const needed of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {}))
    closureOf(needed, found);
  return found;
};

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(folder, file));

describe('the package', () => {
  it('runs nothing when it is installed (attack 65)', () => {
    const hooks = [
      'preinstall',
      'install',
      'postinstall',
      'prepare',
      'prepublish',
      'preprepare',
      'dependencies',
    ];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  it('needs ranges, of which it is tested with the least, and one ky, and none of these runs anything when it is installed (attack 65)', () => {
    for (const [name, range] of Object.entries(manifest.dependencies)) {
      const [, sign, version] = /^(\^?)(\d+\.\d+\.\d+)$/.exec(range) ?? [];
      expect([name, sign]).toEqual([name, name === 'ky' ? '' : '^']);
      expect(packages[`node_modules/${name}`]).toMatchObject({ version });
      const hooked = [...closureOf(name)].filter(
        (each) => packages[`node_modules/${each}`]?.hasInstallScript,
      );
      expect(hooked).toEqual([]);
    }
  });

  it('is built from packages whose bytes are all known by their hash (attack 65)', () => {
    expect(locked.length).toBeGreaterThan(100);
    const unknown = locked.filter(([, { integrity, link }]) => !link && !integrity?.startsWith('sha512-'));
    // npm writes no hash for tools of other platforms than the one that it runs on.
    const isElsewhere = ({ dev, optional, os = [], cpu = [] }: Locked): boolean =>
      dev === true && optional === true && os.length + cpu.length > 0;
    expect(unknown.filter(([, entry]) => !isElsewhere(entry)).map(([path]) => path)).toEqual([]);
  });

  it('ships no tests, and no doubles except those for a site’s tests, which no room imports (attack 61)', () => {
    expect(manifest.files.filter((file) => /test|e2e|demo|bench|scripts/.test(file))).toEqual([]);
    const entries = Object.keys(manifest.exports).filter((entry) => /test|debug|internal|\*/.test(entry));
    // The last entry writes to a page's console only what the page itself can see.
    expect(entries).toEqual(['./testing', './testing/node', './offersight-debug.js']);
    const rooms = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.tsx?$/.test(file),
    );
    const importers = rooms.filter((file) =>
      /from '[./]*\/testing\b/.test(readFileSync(join('src', file), 'utf8')),
    );
    expect(importers).toEqual(['testing.ts']);
    // Only their own command and their own entry reach the switches. Two rooms have only words.
    const switching = rooms.filter((file) =>
      /from '[./]*\/(?:tools\/dev\/(?!call-lines|reasons)|tools\/mock-api\/)/.test(
        readFileSync(join('src', file), 'utf8').replaceAll(/^import type .*$/gm, ''),
      ),
    );
    expect(switching.filter((file) => !/^tools\/(?:dev|mock-api)\//.test(file))).toEqual(['testing/node.ts']);
  });
});

describe('the proxy', () => {
  it('has only documented doors (attack 61)', () => {
    expect({
      proxy: Object.keys(proxy).sort(),
      sqlite: Object.keys(sqlite).sort(),
      node: Object.keys(node).sort(),
    }).toEqual({
      proxy: [
        'OffersightError',
        'createOfferAdmin',
        'createOfferProxy',
        'directIntake',
        'inspectLink',
        'isOffersightError',
        'signOffer',
      ],
      sqlite: ['sqliteIntake'],
      node: ['createOfferServer', 'incomingOf', 'toNodeListener'],
    });
  });

  it('asks the environment for nothing that could open one (attack 61)', () => {
    const asking = [...sources('src/proxy'), ...sources('src/protocol')].filter((file) =>
      /process\.env|process\.argv|__TEST__|import\.meta\.env|vitest/.test(readFileSync(file, 'utf8')),
    );
    // The command line reads the environment, only for the key. A file that may not stay is not reported under a test runner.
    expect(asking.filter((file) => !/^src\/proxy\/cli/.test(file))).toEqual([
      'src/proxy/intake/sqlite/sqlite.ts',
    ]);
  });

  it('has no code that inflates, evaluates or spawns (attack 24)', () => {
    const names = [...sources('src/proxy'), ...sources('src/protocol')].filter((file) =>
      /zlib|DecompressionStream|\beval\(|new Function|child_process|node:vm/.test(readFileSync(file, 'utf8')),
    );
    expect(names).toEqual([]);
  });
});

/** Every regular expression of a file. */
const patternsOf = (file: string): string[] => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true));
  return found;
};

/**
 * Whether a quantifier without a small bound follows a group that can itself be read in more than one way: has
 * such a quantifier inside. That is what exponential time needs.
 */
const canExplode = (pattern: string): boolean =>
  /\((?:[^()\\]|\\.)*(?:[*+]|\{\d+,\d*\})(?:[^()\\]|\\.)*\)(?:[*+]|\{\d+,\d*\})/.test(pattern);

describe('the check for slow regular expressions', () => {
  const all = [...sources('src/proxy'), ...sources('src/protocol')].flatMap((file) =>
    patternsOf(file).map((pattern) => [file, pattern] as const),
  );

  it('finds a slow one', () => {
    expect(['/^(a+)+$/', '/(\\s*x*)*y/', '/([a-z]+){2,}/'].map(canExplode)).toEqual([true, true, true]);
    expect(canExplode('/^(a+)?b{3}$/')).toBe(false);
  });

  it('does not find a repetition inside a repetition in the sources (attack 62)', () => {
    expect(all.length).toBeGreaterThan(8);
    expect(all.filter(([, pattern]) => canExplode(pattern))).toEqual([]);
  });
});
