// The public face, written down: docs/api holds one report for every entry that has types, so that a change of what
// users can call or name is seen in review. `npm run api` writes the reports of the built package, `npm run api --
// --check` fails where they differ, and both fail for a type that users meet but cannot name.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { typedEntries } from './entries.mjs';

const REPORTS = 'docs/api';

/** What entries mention and none exports. */
const UNNAMED = new Set([
  // A table whose keys are ProblemCode; the texts in it are not for programs.
  'PROBLEMS',
  // HTMLElement, or on a server something that is never constructed.
  'Base',
  // Met by its kinds alone, which stand in the observation.
  'Outcome',
  // What the proxy gives to the direct intake, and gets: nobody else calls it.
  'DirectContext',
  'Taking',
]);

const written = mkdtempSync(join(tmpdir(), 'offersight-api-'));
const quiet = { default: { logLevel: 'none' } };

/** Writes an entry's report; gives the types that it mentions without exporting them. */
const report = ({ name, types }) => {
  const mainEntryPointFilePath = resolve(types);
  const forgotten = [];
  const faults = [];
  const config = ExtractorConfig.prepare({
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
        compilerMessageReporting: { default: { logLevel: 'error' } },
        // What is undocumented is TypeDoc's to find, and so is what a comment gets wrong.
        extractorMessageReporting: { ...quiet, 'ae-forgotten-export': { logLevel: 'warning' } },
        tsdocMessageReporting: quiet,
      },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      if (message.messageId === 'ae-forgotten-export')
        forgotten.push(/"([^"]+)"/.exec(message.text)?.[1] ?? message.text);
      else if (message.logLevel === 'error') faults.push(message.formatMessageWithLocation(resolve('.')));
    },
  });
  if (faults.length) throw new Error(`${types}:\n${faults.join('\n')}`);
  return forgotten;
};

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:const|let|class|interface|type|function|enum) (\w+)/gm;
const exportsOf = ({ name }) =>
  [...readFileSync(join(written, `${name}.api.md`), 'utf8').matchAll(EXPORTED)].map(([, each]) => each);

const entries = typedEntries();
let failed = 0;
const fail = (line) => {
  failed++;
  console.error(line);
};

const forgotten = entries.map((entry) => ({ entry, names: report(entry) }));
// An intake of `offersight/proxy/sqlite` can be named by what `offersight/proxy` exports.
const named = new Set(entries.flatMap(exportsOf));
for (const { entry, names } of forgotten)
  for (const name of names)
    if (!named.has(name) && !UNNAMED.has(name))
      fail(`${entry.specifier} mentions the type ${name}, and no entry exports it: users cannot name it.`);
const mentioned = new Set(forgotten.flatMap(({ names }) => names));
for (const name of UNNAMED)
  if (!mentioned.has(name) || named.has(name))
    fail(`${name} is no exception any more: drop it from UNNAMED.`);

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
if (!failed) console.log(`${files.length} entries, ${named.size} names exported`);
process.exitCode = failed ? 1 : 0;
