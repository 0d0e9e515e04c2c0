/** The manifest of the package: every entry leads to a file, and every check covers every entry. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { typedEntries, untypedEntries } from '../scripts/entries.mjs';
import { VERSION } from '../src/version.js';

interface Manifest {
  readonly version: string;
  readonly scripts: { readonly package: string };
  readonly keywords: readonly string[];
  readonly description: string;
  readonly sideEffects: readonly string[];
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const targets = Object.values(manifest.exports);

describe('the manifest', () => {
  it('names files that the build has made', () => {
    const named = [
      ...targets.flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target))),
      ...manifest.sideEffects,
      ...manifest.files,
      ...Object.values(manifest.bin),
    ];
    expect(named.filter((file) => !existsSync(file.replace(/\/\*.*/, '')))).toEqual([]);
  });

  it('names the types of an entry before its code, since compilers take the first match', () => {
    const told = targets.filter((target) => typeof target !== 'string').map((target) => Object.keys(target));
    expect(told).toEqual(typedEntries().map(() => ['types', 'default']));
  });

  it('names each entry’s source, so that the reference finds it', () => {
    expect(typedEntries().filter(({ source }) => !existsSync(source))).toEqual([]);
  });

  it('keeps bundlers from dropping files that are imported only for their effects', () => {
    const effects = manifest.sideEffects.map((file) => file.replace('./dist/', ''));
    expect(effects.sort()).toEqual([
      'adapters/element.js',
      'offersight-worker.js',
      'offersight.js',
      'proxy/needs-node.js',
      'service-worker.js',
    ]);
  });

  it('has the version by which the files of a release know each other', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('does not require any framework or server’s package that is not used', () => {
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(
      Object.keys(manifest.peerDependencies).sort(),
    );
    expect(Object.values(manifest.peerDependenciesMeta).every(({ optional }) => optional)).toBe(true);
  });

  it('says on a registry’s page what it is', () => {
    expect(manifest.description.length).toBeLessThan(200);
    expect(manifest.keywords).toEqual(
      expect.arrayContaining(['offers', 'viewability', 'react', 'vue', 'svelte', 'solid', 'web-components']),
    );
    expect(manifest.files).toContain('CHANGELOG.md');
  });
});

describe('the check of how other tools read the package', () => {
  it('leaves out only entries that have no types', () => {
    const [, excluded = ''] = /--exclude-entrypoints ([^&]+)/.exec(manifest.scripts.package) ?? [];
    expect(excluded.trim().split(' ').sort()).toEqual(
      untypedEntries()
        .filter((entry) => entry !== 'package.json')
        .sort(),
    );
    expect(manifest.scripts.package).not.toContain('--ignore-rules');
    expect(manifest.scripts.package).toContain('publint --strict');
  });
});
