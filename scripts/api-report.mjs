// The public face, written down: docs/api holds one report for every entry that has types, so that reviewers see a change of
// what users can call or name. `npm run api` writes all of them from the built package, and `npm run api -- --check` fails if they differ. Both fail for a type that users meet but cannot name.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { typedEntries } from './entries.mjs';

/** @import { Entry } from './entries.mjs' */

const REPORTS = 'docs/api';

/** Types that entries mention and none exports. */
const UNNAMED = new Set([
  // A table whose keys are ProblemCode; the texts in it are not for programs.
  'PROBLEMS',
  // HTMLElement, or on a server something that is never constructed.
  'Base',
  // Used only through its kinds, which the observation has.
  'Outcome',
  // The proxy and the direct intake exchange these: nobody else calls them.
  'DirectContext',
  'Taking',
]);

const written = mkdtempSync(join(tmpdir(), 'offersight-api-'));
const quiet = { default: { logLevel: ExtractorLogLevel.None } };

/**
 * How an entry's report is made.
 * @param {Entry} entry
 */
const configOf = ({ name, types }) => {
  const mainEntryPointFilePath = resolve(types);
  return ExtractorConfig.prepare({
    packageJsonFullPath: resolve('package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: resolve('.'),
      mainEntryPointFilePath,
      compiler: {
        overrideTsconfig: {
          extends: resolve('tsconfig.json'),
          compilerOptions: { noEmit: true },
          include: [],
          files: [mainEntryPointFilePath],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: written,
        reportTempFolder: join(written, 'before'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        // TypeDoc finds missing and wrong comments.
        extractorMessageReporting: {
          ...quiet,
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning },
        },
        tsdocMessageReporting: quiet,
      },
    },
  });
};

const entries = typedEntries();
const configs = new Map(entries.map((entry) => [entry, configOf(entry)]));
const [first, ...others] = configs.values();
if (!first) throw new Error('The package has no entry with types.');
// One program for all entries: one for each took most of the time.
const compilerState = CompilerState.create(first, {
  additionalEntryPoints: others.map((config) => config.mainEntryPointFilePath),
});

/**
 * Writes an entry's report, and returns the types that it mentions without exporting them.
 * @param {ExtractorConfig} config
 */
const report = (config) => {
  /** @type {string[]} */
  const forgotten = [];
  /** @type {string[]} */
  const faults = [];
  Extractor.invoke(config, {
    localBuild: true,
    compilerState,
    messageCallback: (message) => {
      message.handled = true;
      if (message.messageId === 'ae-forgotten-export')
        forgotten.push(/"([^"]+)"/.exec(message.text)?.[1] ?? message.text);
      else if (message.logLevel === 'error') faults.push(message.formatMessageWithLocation(resolve('.')));
    },
  });
  if (faults.length) throw new Error(`${config.mainEntryPointFilePath}:\n${faults.join('\n')}`);
  return forgotten;
};

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:const|let|class|interface|type|function|enum) (\w+)/gm;
/** @param {Entry} entry */
const exportsOf = ({ name }) =>
  [...readFileSync(join(written, `${name}.api.md`), 'utf8').matchAll(EXPORTED)].map(([, each]) => each);

let failed = 0;
/** @param {string} line */
const fail = (line) => {
  failed++;
  console.error(line);
};

const forgotten = [...configs].map(([entry, config]) => ({ entry, names: report(config) }));
// An intake of `offersight/proxy/sqlite` can be named by what `offersight/proxy` exports.
const named = new Set(entries.flatMap(exportsOf));
for (const { entry, names } of forgotten)
  for (const name of names)
    if (!named.has(name) && !UNNAMED.has(name))
      fail(`${entry.specifier} mentions the type ${name}, and no entry exports it: users cannot name it.`);
const mentioned = new Set(forgotten.flatMap(({ names }) => names));
for (const name of UNNAMED)
  if (!mentioned.has(name) || named.has(name))
    fail(`${name} is not an exception any more: remove it from UNNAMED.`);

const isCheck = process.argv.includes('--check');
const files = entries.map(({ name }) => `${name}.api.md`);
const kept = existsSync(REPORTS) ? readdirSync(REPORTS).filter((file) => file.endsWith('.api.md')) : [];
for (const file of kept.filter((each) => !files.includes(each))) {
  if (isCheck) fail(`${REPORTS}/${file} is of no entry: run npm run api.`);
  else rmSync(join(REPORTS, file));
}
mkdirSync(REPORTS, { recursive: true });
for (const file of files) {
  const [fresh, checkedIn] = [join(written, file), join(REPORTS, file)];
  if (!isCheck) copyFileSync(fresh, checkedIn);
  else if (!existsSync(checkedIn)) fail(`${checkedIn} is missing: run npm run api and check it in.`);
  else if (readFileSync(fresh, 'utf8') !== readFileSync(checkedIn, 'utf8')) {
    fail(`The public face differs from ${checkedIn}; if that is meant, run npm run api and check it in:`);
    const { stdout } = spawnSync('git', ['diff', '--no-index', '--', checkedIn, fresh], { encoding: 'utf8' });
    console.error(stdout);
  }
}
rmSync(written, { recursive: true });
if (!failed) console.log(`${entries.length} entries, ${named.size} names exported`);
process.exitCode = failed ? 1 : 0;
