/** The pages of the reference, made from the declarations. */

import { ALERTS } from '../../src/proxy/alerts/table.js';
import { COMMANDS, type CommandOfLine, variableOf, written } from '../../src/proxy/cli/flags.js';
import { METRICS, type Metric } from '../../src/proxy/cli/metric-names.js';
import { wordsOf } from '../../src/proxy/settings/checking.js';
import { type Attribute, readAttributes } from './attributes.js';
import { type Option, readDeclarations } from './declared.js';
import { OPTION_PAGES, type OptionSource } from './sources.js';

/** An option with the source that it belongs to. */
export interface Documented {
  readonly source: OptionSource;
  readonly option: Option;
}

/** A file below docs/reference. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Where the pages are. */
export const FOLDER = 'docs/reference';

const NOTE = 'This page is made of the declarations in the code. To change it, change their comments.';

/** The code of an object with one member, which may be nested. */
const memberOf = (path: readonly string[], value: string): string => {
  const [name = '', ...rest] = path;
  return `${name}: ${rest.length ? `{ ${memberOf(rest, value)} }` : value}`;
};

/** The line that shows an option. */
export const exampleOf = ({ source, option }: Documented): string => {
  const needed = Object.entries(source.needed ?? {});
  const [own = '', ...rest] = option.name.split('.');
  const value = option.example ?? '';
  // Next to the member are those that the object requires.
  const within = needed
    .filter(([name]) => rest.length && name.startsWith(`${own}.`) && name !== option.name)
    .map(([name, text]) => memberOf(name.split('.').slice(1), text));
  const member = rest.length
    ? `${own}: { ${[...within, memberOf(rest, value)].join(', ')} }`
    : `${own}: ${value}`;
  const others = needed
    .filter(([name]) => !name.includes('.') && name !== own)
    .map(([name, text]) => `${name}: ${text}`);
  return source.call(`{ ${[...others, member].join(', ')} }`);
};

/** Code in a line of text, also with a backtick in it. */
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);

/** A value is code, and a sentence is not. */
const valueText = (text: string): string =>
  /^('[^']*'|\[.*\]|[\d.]+|true|false)$/.test(text)
    ? code(text)
    : text.replace(/^('[^']*'|\d[\d.]*)(?=,? \(|, )/, (value) => code(value));

const entryText = ({ source, option }: Documented, heading: string): string =>
  [
    heading,
    option.says,
    [
      `- Type: ${code(option.type)}`,
      `- Default: ${option.isRequired ? 'none; it has to be given' : valueText(option.fallback ?? '')}`,
      `- Range: ${option.range ?? ''}`,
    ].join('\n'),
    `\`\`\`ts\n${exampleOf({ source, option })}\n\`\`\``,
  ].join('\n\n');

/** Reads every option of every page. */
export const readOptions = (): readonly (readonly Documented[])[] => {
  const files = OPTION_PAGES.flatMap(({ sources }) => sources.map(({ file }) => file));
  const read = readDeclarations([...new Set(files)]);
  const all = OPTION_PAGES.map(({ sources }) =>
    sources.flatMap((source) => read(source.file, source.name).map((option) => ({ source, option }))),
  );
  for (const { source, option } of all.flat()) {
    const { says, isRequired, fallback, range, example } = option;
    if (!says || !range || !example || (!isRequired && !fallback))
      throw new Error(`${source.name}.${option.name} needs a comment with @default, @range and @example.`);
  }
  return all;
};

const optionPages = (all: readonly (readonly Documented[])[]): readonly Page[] =>
  OPTION_PAGES.map(({ page, title, about, sources }, at) => {
    const isAlone = sources.length === 1;
    const parts = sources.flatMap((source) => {
      const own = (all[at] ?? []).filter((each) => each.source === source);
      return [
        ...(isAlone ? [source.about] : [`## ${source.title}`, source.about]),
        // Names that several sources have would share an anchor.
        ...own.map((each) =>
          entryText(each, isAlone ? `## ${each.option.name}` : `### ${source.title}: ${each.option.name}`),
        ),
      ];
    });
    return { path: `${FOLDER}/${page}.md`, text: `${[`# ${title}`, about, NOTE, ...parts].join('\n\n')}\n` };
  });

const attributesPage = (all: readonly (readonly Documented[])[]): Page => {
  const attributes = readAttributes(all.flat().map(({ source, option }) => ({ of: source.name, option })));
  const part = (on: Attribute['on']): string =>
    attributes
      .filter((each) => each.on === on)
      .map(
        ({ name, says, fallback, range, example }) =>
          `### ${name}\n\n${says}\n\n- Default: ${valueText(fallback)}\n- Range: ${range}\n\n\`\`\`html\n${example}\n\`\`\``,
      )
      .join('\n\n');
  const text = [
    '# Attributes',
    'Attributes that pages write in HTML: on the script tag, on the elements of offers, and on the controls that accept and close them.',
    NOTE,
    '## On the script tag',
    'Each of them is an [option of the tracker](tracker.md). An attribute that is on or off is on unless its value is `false`.',
    part('tag'),
    '## On an offer',
    'Each of them is a [setting of the offer](offer.md).',
    part('offer'),
    '## On a control',
    'These mark controls inside an offer, in the dialog around it, or anywhere if they name an id. [What counts](../counts.md) says what follows. `data-dismiss` and `data-bs-dismiss`, by which Bootstrap marks close buttons, need no other mark: such a control counts if the offer is gone soon after.',
    part('control'),
  ];
  return { path: `${FOLDER}/attributes.md`, text: `${text.join('\n\n')}\n` };
};

const metricsPage = (): Page => {
  const parts = Object.values<Metric>(METRICS).map(({ name, type, help, labels, example }) => {
    const named = Object.entries(labels).map(([label, says]) => `- Label \`${label}\`: ${says}`);
    return `## ${name}\n\n${help}.\n\n${[`- Type: ${type}`, ...named].join('\n')}\n\n\`\`\`text\n${example}\n\`\`\``;
  });
  const text = [
    '# Metrics',
    '`/metrics` of `offersight proxy` has these figures for Prometheus, and those of `prom-client` about the process. They need the package `prom-client`. [Alerts by Prometheus](../recipes/prometheus.md) says on which to alert.',
    NOTE,
    ...parts,
  ];
  return { path: `${FOLDER}/metrics.md`, text: `${text.join('\n\n')}\n` };
};

/** The first clause of an alert: a heading that a search finds. */
const headingOf = ({ words }: { readonly words: string }): string =>
  words
    .replaceAll(/\{\w+\}/g, '…')
    .replace(/[:,.(].*$/s, '')
    .replace(/[\s…]+$/, '');

const alertsPage = (): Page => {
  const parts = Object.entries(ALERTS).map(([code, alert]) =>
    [
      `## ${headingOf(alert)} …`,
      `\`\`\`text\n${alert.words.replaceAll(/\{\w+\}/g, '…')}\n\`\`\``,
      `${alert.means}\n\n**Repair:** ${alert.repair}`,
      `${alert.isUrgent ? '**Urgent.** ' : ''}In metrics: \`code="${code}"\`${alert.isNoted ? ', with the lane' : ''}. Repeated after ${alert.isDaily ? 'a day' : 'ten minutes'}.`,
    ].join('\n\n'),
  );
  const text = [
    '# Alerts',
    'The proxy reports these to its operator: in the log of `offersight proxy` as level `error`, and to `onAlert` in a server of yours. The same alert is repeated at most once in ten minutes. [Alerts in operation](../operations.md#what-each-alert-means) says where else they appear, and what an intake says that refuses to work. If an alert is marked as urgent, nothing is taken or forwarded, or events are given up, until somebody acts. [Prometheus](../recipes/prometheus.md) has rules that wake somebody for these.',
    NOTE,
    ...parts,
  ];
  return { path: `${FOLDER}/alerts.md`, text: `${text.join('\n\n')}\n` };
};

/** The arguments that a command needs beside its flags, in an example. */
const OPERANDS: Readonly<Record<string, string>> = {
  doctor: ' https://shop.example/',
  'dead-letters': ' list',
  purge: ' waiting',
  sign: ' a52ge40b',
  report: ' events.jsonl',
  'inspect-link': ' https://shop.example/',
};

const commandLinePage = (): Page => {
  const parts = Object.entries<CommandOfLine>(COMMANDS).flatMap(([command, { says: about, flags }]) => [
    `## offersight ${command}`,
    about,
    ...Object.entries(flags).map(([name, schema]) => {
      const { says, otherwise, example, range } = wordsOf(schema);
      const variable = variableOf(name, schema);
      return [
        `### ${command} ${written(name)}`,
        says,
        [
          `- Type: ${example ? 'a value' : 'on or off'}`,
          `- Default: ${otherwise}`,
          `- Range: ${range}`,
          ...(variable === undefined ? [] : [`- Variable: \`${variable}\``]),
        ].join('\n'),
        `\`\`\`sh\nnpx offersight ${command}${OPERANDS[command] ?? ''} ${written(name)}${example && ` ${example}`}\n\`\`\``,
      ].join('\n\n');
    }),
  ]);
  const text = [
    '# The command line',
    'Every flag of every command. `offersight --help` has them in short. A flag of `offersight proxy` is also a variable of the environment, which other commands with the same flag read too; the flag goes first. Secrets are never taken as arguments, which every process list shows: `OFFERSIGHT_API_KEY`, `OFFERSIGHT_ADMIN_TOKEN`, `OFFERSIGHT_SIGNING_SECRET` and `OFFERSIGHT_POSTGRES_URL` have them, or the same names with `_FILE` behind them the path of a file.',
    NOTE,
    ...parts,
  ];
  return { path: `${FOLDER}/command-line.md`, text: `${text.join('\n\n')}\n` };
};

/** Every page of the reference. */
export const makePages = (): readonly Page[] => {
  const all = readOptions();
  return [...optionPages(all), attributesPage(all), commandLinePage(), metricsPage(), alertsPage()];
};
