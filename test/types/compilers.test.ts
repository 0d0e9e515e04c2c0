/**
 * What the package's declarations say to users: calls in `page/` and `server/` that must and must not compile. The
 * compilers are the oldest that is supported, the newest, and our own. They resolve entries as bundlers and as Node do.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { typedEntries } from '../../scripts/entries.mjs';

/** By their names in node_modules. Declarations are judged by the two ends; our own compiler made them. */
const COMPILERS = [
  { name: 'typescript-lowest', judges: true },
  { name: 'typescript', judges: false },
  { name: 'typescript-newest', judges: true },
];
const RESOLUTIONS = [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const;
const SIDES = ['page', 'server'] as const;
type Side = (typeof SIDES)[number];

const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
    version: string;
  };
  return version;
};

/** The faults that a compiler finds in the calls or in our declarations. */
const judge = (
  { name, judges }: (typeof COMPILERS)[number],
  [module, moduleResolution]: (typeof RESOLUTIONS)[number],
  side: Side,
): Promise<readonly string[]> => {
  const args = [
    resolve(`node_modules/${name}/bin/tsc`),
    ...['--project', `test/types/${side}`, '--pretty', 'false'],
    ...['--module', module, '--moduleResolution', moduleResolution],
    ...['--skipLibCheck', String(!judges)],
  ];
  return new Promise((done) => {
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      // A message goes on in lines that are indented.
      const said = stdout.split(/\n(?! )/).filter((each) => each.trim());
      // Faults in what frameworks declare are not ours. Those in the platform's declarations are, since ours add to them.
      const faults = said.filter((each) => !/^node_modules\/(?!.*\/lib\.[\w.]+\.d\.ts\()/.test(each));
      if (error && !said.length) faults.push(stderr || error.message);
      done(faults.map((fault) => `TypeScript ${versionOf(name)}, ${moduleResolution}: ${fault}`));
    });
  });
};

describe('the calls that must and must not compile', () => {
  it('are of every entry that has types', () => {
    const files = SIDES.flatMap((side) =>
      readdirSync(`test/types/${side}`).map((file) => readFileSync(`test/types/${side}/${file}`, 'utf8')),
    );
    const unused = typedEntries().filter(
      ({ specifier }) => !files.some((text) => text.includes(`from '${specifier}'`)),
    );
    expect(unused.map(({ specifier }) => specifier)).toEqual([]);
  });

  it('are compiled against what the build declares', () => {
    const missing = typedEntries().filter(({ types }) => !existsSync(types));
    expect(missing.map(({ types }) => types)).toEqual([]);
  });

  for (const compiler of COMPILERS)
    for (const resolution of RESOLUTIONS)
      for (const side of SIDES)
        it(`do so on a ${side}, by TypeScript ${versionOf(compiler.name)} and ${resolution[1]}`, async () => {
          expect(await judge(compiler, resolution, side)).toEqual([]);
        }, 240_000);
});
