/** The file of several sites: what is wrong with it, all at once, each fault named by its path. */
import { readFileSync } from 'node:fs';
import { nearestOf } from '../option-names.js';
import { Failure } from './failure.js';
import { intakeKeyOf, secretIn } from './intake-key.js';
import {
  DEFAULT_PATH,
  DEFAULT_PORT,
  PROCESS,
  type ProcessValues,
  type Setting,
  SITE,
  type SiteValues,
} from './settings.js';

/** Takes what is wrong with the value at a path. */
export type AddFault = (path: string, words: string) => void;

/** What a file sets. */
export interface Configuration<Site> {
  readonly process: ProcessValues;
  readonly sites: readonly Site[];
}

type Declared = Readonly<Record<string, Setting>>;
type Entries = Readonly<Record<string, unknown>>;

const isEntries = (value: unknown): value is Entries =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const checkNumber = (
  { least = 1, most = Infinity, isWhole }: Setting,
  value: unknown,
  add: (words: string) => void,
): void => {
  const isFit = typeof value === 'number' && value >= least && value <= most && value < Infinity;
  if (isFit && (!isWhole || Number.isInteger(value))) return;
  const bounds = most < Infinity ? `from ${least} to ${most}` : `of at least ${least}`;
  add(`Set it to a ${isWhole ? 'whole ' : ''}number ${bounds}.`);
};

const checkText = (setting: Setting, value: unknown, add: (words: string) => void): void => {
  const { choices, pattern = '', asks = 'a text', holds = () => true } = setting;
  if (choices) {
    if (typeof value !== 'string' || !choices.includes(value)) add(`Set it to ${choices.join(' or ')}.`);
  } else if (typeof value !== 'string' || !new RegExp(pattern).test(value) || !holds(value))
    add(`Set it to ${asks}.`);
};

const checkList = (setting: Setting, value: unknown, path: string, add: AddFault): void => {
  if (!Array.isArray(value)) add(path, 'Set it to a list, in brackets.');
  else
    for (const [at, each] of value.entries())
      checkText(setting, each, (words) => add(`${path}[${at}]`, words));
};

const checkFlag = (_: Setting, value: unknown, add: (words: string) => void): void => {
  if (typeof value !== 'boolean') add('Set it to true or false.');
};

const CHECKS = { number: checkNumber, flag: checkFlag, text: checkText } as const;

const checkValue = (setting: Setting, value: unknown, path: string, add: AddFault): void => {
  if (setting.kind === 'list') checkList(setting, value, path, add);
  else CHECKS[setting.kind](setting, value, (words) => add(path, words));
};

/** Checks the entries of an object against what is declared. */
const checkEntries = (
  declared: Declared,
  given: Entries,
  { prefix, add, others = [] }: { prefix: string; add: AddFault; others?: string[] },
) => {
  const known = [...Object.keys(declared), ...others];
  for (const [name, value] of Object.entries(given)) {
    const setting = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (setting) checkValue(setting, value, `${prefix}${name}`, add);
    else if (!others.includes(name))
      add(`${prefix}${name}`, `There is no such setting.${nearestOf(name, known)}`);
  }
  for (const [name, { isNeeded, asks }] of Object.entries(declared))
    if (isNeeded && given[name] === undefined) add(`${prefix}${name}`, `Set it to ${asks}.`);
};

const isFit = (setting: Setting | undefined, value: unknown): boolean => {
  if (setting?.kind === 'list')
    return Array.isArray(value) && value.every((each) => typeof each === 'string');
  const faults: string[] = [];
  if (setting) checkValue(setting, value, '', (_, words) => faults.push(words));
  return setting !== undefined && !faults.length;
};

/**
 * What else can be checked of entries. The name of a value that is not of its kind stays, without the value: nothing then
 * says that the setting is missing.
 */
const fitOf = (declared: Declared, given: Entries): Entries =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      isFit(Object.hasOwn(declared, name) ? declared[name] : undefined, value) ? value : undefined,
    ]),
  );

/** Takes a name, and says who had it before. */
const unique = (words: (owner: string) => string, add: AddFault) => {
  const owners = new Map<string, string>();
  return (name: string | undefined, path: string, site: string): void => {
    if (name === undefined) return;
    const owner = owners.get(name);
    if (owner === undefined) owners.set(name, site);
    else add(path, words(owner));
  };
};

/** A site, and where in the file it is. */
interface Placed {
  readonly place: string;
  readonly values: SiteValues;
}

/** The path of a site's endpoint; undefined for one that is not of its kind. */
const pathOf = (values: SiteValues): string | undefined => ('path' in values ? values.path : DEFAULT_PATH);

/** Whether a site says that it has no hosts of its own. */
const isHostless = (values: SiteValues): boolean => !('hosts' in values) || values.hosts?.length === 0;

/** Checks what no site can be wrong about by itself. */
const checkBetween = (sites: readonly Placed[], add: AddFault): void => {
  const takeSite = unique((owner) => `${owner} is this Chargebee site: give each site one entry.`, add);
  const takeHost = unique((owner) => `${owner} has this host: a request could not choose between them.`, add);
  const takeAdmin = unique((owner) => `${owner} has this host: its operators could not be told apart.`, add);
  const takePath = unique(
    (owner) => `${owner} has this path: give each site without hosts a path of its own, or hosts.`,
    add,
  );
  const takeIntake = unique(
    (owner) => `${owner} has this intake: give each site its own file, or schema in Postgres.`,
    add,
  );
  const takeToken = unique(
    (owner) =>
      `${owner} has this token: give each site its own, or operators of one could act for the other.`,
    add,
  );
  const shops = new Set(
    sites.flatMap(({ values: { hosts = [] } }) => hosts.map((host) => host.toLowerCase())),
  );
  for (const { place, values } of sites) {
    const { site, hosts = [], adminNames = [] } = values;
    takeSite(site?.toLowerCase(), `${place}.site`, place);
    for (const [index, host] of hosts.entries())
      takeHost(host.toLowerCase(), `${place}.hosts[${index}]`, place);
    for (const [index, name] of adminNames.entries()) {
      const path = `${place}.adminNames[${index}]`;
      takeAdmin(name.toLowerCase(), path, place);
      if (shops.has(name.toLowerCase()))
        add(path, 'It is in hosts too: scripts on pages of the shop could act in an operator’s name.');
    }
    takeIntake(intakeKeyOf(values), `${place}.intake`, place);
    const tokenSetting = values.adminTokenFile === undefined ? 'adminTokenVariable' : 'adminTokenFile';
    takeToken(secretIn(values, 'adminToken'), `${place}.${tokenSetting}`, place);
    if (isHostless(values)) takePath(pathOf(values), `${place}.path`, place);
  }
  const hostless = sites.flatMap(({ values }) => (isHostless(values) ? (pathOf(values) ?? []) : []));
  for (const { place, values } of sites)
    if (values.hosts?.length && hostless.includes(pathOf(values) ?? ''))
      add(`${place}.path`, 'A site without hosts has this path: a request could not choose between them.');
};

const checkProcess = (process: ProcessValues, add: AddFault): void => {
  const { port = DEFAULT_PORT, adminPort, adminHost } = process;
  if (adminHost !== undefined && !('adminPort' in process))
    add('adminHost', 'Set adminPort too: this is where that one listens.');
  if (port > 0 && port === adminPort) add('adminPort', 'Set it to another port than port.');
};

const parse = (file: string): unknown => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Failure(`The file ${file} cannot be read: check its path and permissions.`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const [, position] = /position (\d+)/.exec((cause as Error).message) ?? [];
    const line =
      position === undefined ? '' : ` near line ${text.slice(0, Number(position)).split('\n').length}`;
    throw new Failure(`The file ${file} is not JSON: check commas and quotes${line}.`);
  }
};

/**
 * Reads the file.
 * @param checkSite Makes of a site what is needed of it, and adds what only reading its secrets can tell. A value that is not of its
 *   kind is undefined, under its name.
 * @throws {Failure} With every fault of it.
 */
export const readConfiguration = <Site>(
  file: string,
  checkSite: (site: SiteValues, path: string, add: AddFault) => Site,
): Configuration<Site> => {
  const given = parse(file);
  const faults: string[] = [];
  const add: AddFault = (path, words) => faults.push(`${path}: ${words}`);
  if (!isEntries(given)) throw new Failure(`The file ${file} has to be one object, in braces, with sites.`);
  checkEntries(PROCESS, given, { prefix: '', add, others: ['$schema', 'sites'] });
  const { $schema: _, sites, ...others } = given;
  const placed: Placed[] = [];
  if (!Array.isArray(sites) || !sites.length) add('sites', 'Set it to a list of at least one site.');
  else
    for (const [at, site] of sites.entries()) {
      const place = `sites[${at}]`;
      if (isEntries(site)) {
        checkEntries(SITE, site, { prefix: `${place}.`, add });
        placed.push({ place, values: fitOf(SITE, site) });
      } else add(place, 'Set it to an object, in braces.');
    }
  const process = fitOf(PROCESS, others) as ProcessValues;
  checkProcess(process, add);
  checkBetween(placed, add);
  const checked = placed.map(({ place, values }) => {
    if (values.adminNames && !('adminPort' in process))
      add(`${place}.adminNames`, 'Set adminPort too: the operator’s page is on a listener of its own.');
    return checkSite(values, place, add);
  });
  if (faults.length) {
    const head = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    throw new Failure(`The file ${file} has ${head}.\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
  return { process, sites: checked };
};
