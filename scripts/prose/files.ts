/** Which files the rules are for: everything that is ours and that people read. */
import { execFileSync } from 'node:child_process';

/**
 * Generated files, files of others, files of earlier releases, and the lists that name what the rules forbid. Generated
 * pages repeat comments, and the table of mutants repeats titles.
 */
const NOT_OURS =
  /^(?:scripts\/prose\/(?:verbs|words)\.ts|scripts\/mutants\/table\.ts|docs\/(?:api|reference)\/|e2e\/fixtures\/releases\/|(?:.*\/)?package-lock\.json$|demo\/public\/.*\.min\.)/;

/** How a file is read. */
export type Format = 'document' | 'script' | 'markup' | 'style' | 'json' | 'yaml' | 'hash' | 'dash' | 'plain';

const FORMATS: readonly (readonly [RegExp, Format])[] = [
  [/\.md$/, 'document'],
  [/\.(?:[cm]?[jt]s|[jt]sx)$/, 'script'],
  [/\.(?:html|svg|vue|svelte|astro)$/, 'markup'],
  [/\.css$/, 'style'],
  [/\.(?:json|jsonc|webmanifest)$/, 'json'],
  [/\.ya?ml$/, 'yaml'],
  // Comments begin with `--` there.
  [/\.(?:lua|sql)$/, 'dash'],
  // What a program prints.
  [/\.(?:txt|text|console)$/, 'plain'],
  // Comments begin with `#` there.
  [
    /(?:\.(?:conf|sh|bash|nginx|ini|toml|caddyfile|apache|systemd)|(?:^|\/)(?:Dockerfile|\.\w+|\.ci\/run))$/,
    'hash',
  ],
];

/** The format of a file, by its name; nothing if no English is expected in it. */
export const formatOf = (file: string): Format | undefined =>
  FORMATS.find(([names]) => names.test(file))?.[1];

/** Every file that the rules read. */
export const proseFiles = (): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => formatOf(file) !== undefined && !NOT_OURS.test(file));
