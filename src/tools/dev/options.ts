/** The options of `offersight dev`, and which values are refused. */
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { OffersightError } from '../../errors.js';
import { checkOptionNames } from '../../proxy/option-names.js';
import { isLocalUrl, isLoopback } from '../mock-api/callers.js';
import type { DevEvent } from './trail.js';

/** Options of {@link startDev}. */
export interface DevOptions {
  /**
   * The folder whose pages are served.
   * @default '.', the current one, unless `application` is given
   * @range the path of a folder
   * @example `'public'`
   */
  readonly folder?: string;
  /**
   * Where your application runs already.
   * @default the pages of `folder` are served
   * @range an http origin on this machine
   * @example `'http://localhost:5173'`
   */
  readonly application?: string;
  /**
   * The port to open pages at.
   * @default 4400
   * @range a whole number from 0 to 65535; 0 takes a free one
   * @example `0`
   */
  readonly port?: number;
  /**
   * The port of the mock of Chargebee's API, for your own server.
   * @default 4401
   * @range a whole number from 0 to 65535; 0 takes a free one
   * @example `0`
   */
  readonly upstreamPort?: number;
  /**
   * The port of the operator's page, which is there if `libsql` is installed.
   * @default 4402, or a free one if that is taken
   * @range a whole number from 0 to 65535; 0 takes a free one
   * @example `0`
   */
  readonly adminPort?: number;
  /**
   * The endpoint's path.
   * @default '/offer-events'
   * @range a path of its own
   * @example `'/shop/offer-events'`
   */
  readonly path?: string;
  /**
   * Whether events count of offers that the mock API never made.
   * @default false
   * @range `true` or `false`
   * @example `true`
   */
  readonly anyId?: boolean;
  /**
   * One more address of this machine to listen at, for a phone. The live page is not shown there.
   * @default only this machine reaches it
   * @range an IP address of this machine
   * @example `'192.168.1.20'`
   */
  readonly lan?: string;
  /**
   * Called for each event that came further.
   * @default nothing is called
   * @range a function
   * @example `(event) => console.log(event.offerId, event.state)`
   */
  readonly onEvent?: (event: DevEvent) => void;
}

const NAMES = {
  folder: true,
  application: true,
  port: true,
  upstreamPort: true,
  adminPort: true,
  path: true,
  anyId: true,
  lan: true,
  onEvent: true,
} as const;
const DEFAULT_PORT = 4_400;

const wrong = (hint: string, cause?: unknown): OffersightError =>
  new OffersightError('configuration', hint, cause);

/** A port that somebody else has. */
export const portTaken = (port: number, what: string, cause: unknown): OffersightError =>
  wrong(`Port ${port} is taken: choose another one for ${what}.`, cause);

/** Whether a host is this machine. */
const isHere = (hostname: string): boolean => {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(host) || !isIP(host)) return true;
  return Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === host));
};

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

const checkApplication = (application: string, port: number): void => {
  if (!isLocalUrl(application) || !isHere(new URL(application).hostname))
    throw wrong('Set application to an origin on this machine, such as http://localhost:5173.');
  const { pathname, port: applicationPort, origin } = new URL(application);
  if (pathname !== '/') throw wrong(`Give only the origin of your application: ${origin}.`);
  if (applicationPort === `${port}`)
    throw wrong('That is the port that your pages will be opened at: give the one of your application.');
};

const checkFolder = (folder: string): void => {
  const found = statSync(folder, { throwIfNoEntry: false });
  const url = /^(?:[\w.-]+:)?\d+$/.test(folder)
    ? ` Did you mean http://${/^\d+$/.test(folder) ? 'localhost:' : ''}${folder}?`
    : '';
  if (!found) throw wrong(`There is no folder ${folder}.${url}`);
  if (!found.isDirectory()) throw wrong(`${folder} is a file: give its folder.`);
};

/**
 * Checks options, and fills in what was left out.
 * @throws {OffersightError} `configuration` if one is wrong.
 */
export const resolveDevOptions = (given: DevOptions) => {
  checkOptionNames('startDev', given, NAMES);
  const { application, folder = '.', port = DEFAULT_PORT, path = '/offer-events', lan } = given;
  if (application !== undefined && given.folder !== undefined)
    throw wrong('Set folder or application, not both.');
  if (![port, given.upstreamPort ?? 0, given.adminPort ?? 0].every(isPort))
    throw wrong('Set ports to whole numbers from 0 to 65535.');
  if (application === undefined) checkFolder(folder);
  else checkApplication(application, port);
  if (!/^\/[\w.~-][\w./~-]*$/.test(path) || /^\/_?offersight/.test(path))
    throw wrong('Set path to a path of its own, such as /offer-events.');
  if (lan !== undefined && (!isIP(lan) || isLoopback(lan) || /^0\.0\.0\.0$|^::$|%/.test(lan)))
    throw wrong('Set lan to an address of this machine at which a phone reaches it, such as 192.168.1.20.');
  return {
    ...given,
    ...(application === undefined ? { folder } : { application: new URL(application).origin }),
    ...{ port, path, anyId: given.anyId ?? false },
  };
};
