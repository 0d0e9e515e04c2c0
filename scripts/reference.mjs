// The reference: what every entry exports, from the comments in src, as pages in `reference/`, and every option, attribute
// and metric in `docs/reference/`. A comment that is missing, or that links to nothing, fails. `-- --check` writes
// nothing, and fails if a page in `docs/reference/` is not what it would write.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Application, OptionDefaults } from 'typedoc';
import { typedEntries } from './entries.mjs';
import { FOLDER, makePages } from './reference/pages.js';

/** @import { Page } from './reference/pages.js' */

const entries = typedEntries();
const app = await Application.bootstrap({
  name: 'Offersight',
  entryPoints: entries.map(({ source }) => source),
  tsconfig: 'tsconfig.build.json',
  readme: 'none',
  out: 'reference',
  // Browsers, Node and frameworks document their own declarations.
  excludeExternals: true,
  disableSources: true,
  treatWarningsAsErrors: true,
  blockTags: [...OptionDefaults.blockTags, '@range'],
  // The property that discriminates a union explains itself.
  intentionallyNotDocumented: [
    'offersight.ViewedEvent.type',
    'offersight.DismissedEvent.type',
    'offersight/proxy.ForwardResult.__type.kind',
    'offersight/proxy.Observation.__type.kind',
  ],
  // A table whose keys are ProblemCode, and what nobody else names or calls.
  intentionallyNotExported: ['PROBLEMS', 'Outcome', 'DirectContext', 'Taking'],
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: true,
  },
});

const project = await app.convert();
if (project) {
  app.validate(project);
  const modules = new Set(project.children?.map(({ name }) => name));
  for (const { specifier, source } of entries)
    if (!modules.has(specifier))
      app.logger.error(`${source} has to begin with a comment that says @module ${specifier}`);
}
const isFaulty = !project || app.logger.hasErrors() || app.logger.hasWarnings();
if (!isFaulty && !process.argv.includes('--check')) await app.generateOutputs(project);
if (!isFaulty) console.log(`${entries.length} entries documented`);

const pages = makePages();
const stale = () => {
  const there = readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`);
  /** @param {Page} page */
  const isFresh = ({ path, text }) => there.includes(path) && readFileSync(path, 'utf8') === text;
  return [
    ...pages.filter((page) => !isFresh(page)).map(({ path }) => path),
    ...there.filter((path) => !pages.some((page) => page.path === path)),
  ];
};
if (!process.argv.includes('--check')) {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { path, text } of pages) writeFileSync(path, text);
}
const wrong = stale();
for (const path of wrong)
  console.error(`${path} is not what the code says: run npm run reference and check it in.`);
process.exitCode = isFaulty || wrong.length ? 1 : 0;
