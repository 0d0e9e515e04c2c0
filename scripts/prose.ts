/**
 * Reads all English of the repository and fails if it breaks a rule: `npm run prose`. Arguments are the files and folders to
 * read. `--count` prints how many faults each rule finds in each kind of text.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openCache } from './prose/cache.js';
import { proseFiles } from './prose/files.js';
import type { Finding } from './prose/lint.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'boolean' } },
});

const isChosen = (file: string): boolean =>
  positionals.length === 0 ||
  positionals.some((part) => file === part || file.startsWith(`${part.replace(/\/$/, '')}/`));

const files = proseFiles()
  .filter(isChosen)
  // A file that is deleted and not yet committed is still listed.
  .filter((file) => existsSync(file));
const cache = openCache();
const findings: Finding[] = [];
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  if (cache.isClean(file, text)) continue;
  // Loading the parsers takes longer than reading a few files, so a run without a change loads none.
  const { lint } = await import('./prose/lint.js');
  const found = await lint(file, text);
  if (found.length === 0) cache.add(file, text);
  findings.push(...found);
}
if (positionals.length === 0) cache.keep();

/** How many faults each rule found in each kind of text. */
const printTable = (): void => {
  const counts: Record<string, Record<string, number>> = {};
  for (const { rule, kind } of findings) {
    counts[rule] ??= {};
    const row = counts[rule];
    row[kind] = (row[kind] ?? 0) + 1;
    row.all = (row.all ?? 0) + 1;
  }
  console.table(counts);
};

if (values.count) printTable();
else
  for (const { file, line, column, rule, message } of findings)
    console.log(`${file}:${line}:${column} ${rule}: ${message}`);
console.log(`Found ${findings.length} faults in ${files.length} files.`);
process.exitCode = findings.length ? 1 : 0;
