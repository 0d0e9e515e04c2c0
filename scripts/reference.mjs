// The reference: what every entry exports, from the comments in src, as pages in `reference/`. A comment that is
// missing, or that links to nothing, fails. `-- --check` writes nothing.
import { Application } from 'typedoc';
import { typedEntries } from './entries.mjs';

const entries = typedEntries();
const app = await Application.bootstrap({
  name: 'Offersight',
  entryPoints: entries.map(({ source }) => source),
  tsconfig: 'tsconfig.build.json',
  readme: 'none',
  out: 'reference',
  // What browsers, Node and frameworks declare is theirs to document.
  excludeExternals: true,
  disableSources: true,
  treatWarningsAsErrors: true,
  // What tells the members of a union apart says itself what it means.
  intentionallyNotDocumented: [
    'offersight.ViewedEvent.type',
    'offersight.DismissedEvent.type',
    'offersight/proxy.ForwardResult.__type.kind',
    'offersight/proxy.Observation.__type.kind',
  ],
  // A type that no entry exports is what `npm run api` tells.
  validation: {
    notExported: false,
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
process.exitCode = isFaulty ? 1 : 0;
