/** `offersight doctor`: from flags to what is wrong between a page and Chargebee. */
import type { DoctorOptions } from '../../tools/doctor/doctor.js';
import { isAnythingWrong, render } from '../../tools/doctor/words.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { neededSecret } from './secrets.js';

/** Something is wrong with the deployment. */
const WRONG = 1;
/** The doctor could not look. */
export const NOT_LOOKED = 2;

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1])$/;

/** An http(s) URL. It may hold no name and password, since the doctor sends none. */
const urlOf = (what: string, given: string): URL => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Failure(`${what} must be an http or https URL, such as https://shop.example/.`);
  if (url.username || url.password)
    throw new Failure(`${what} must not hold a name or a password: the doctor sends none.`);
  return url;
};

const adminOf = (values: Values<'doctor'>): DoctorOptions['admin'] => {
  const { admin } = values;
  if (admin === undefined) return undefined;
  const token = neededSecret('adminToken');
  const url = urlOf('--admin', admin);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new Failure(
      '--admin must be https, or http on this machine: the token must not be readable on the way.',
    );
  return { url: url.href, token };
};

const keyOf = ({ site }: Values<'doctor'>): DoctorOptions['key'] =>
  site === undefined
    ? undefined
    : {
        apiKey: neededSecret('apiKey'),
        // As the proxy reads it: a mock of the API answers there.
        baseUrl: process.env.OFFERSIGHT_BASE_URL || `https://${site}.grow.chargebee.com`,
      };

const optionsOf = (values: Values<'doctor'>, page: string): DoctorOptions => {
  const url = urlOf('The page', page).href;
  const { endpoint, lists, maxSeconds } = values;
  if (
    endpoint !== undefined &&
    !/^https?:$/.test(URL.canParse(endpoint, url) ? new URL(endpoint, url).protocol : '')
  )
    throw new Failure('Set --endpoint to a path or a URL, such as /offer-events.');
  const browser = {
    isWanted: !values.noBrowser,
    path: process.env.CHROME_PATH || undefined,
    searched: process.env.PATH,
    isRoot: process.getuid?.() === 0,
  };
  return { url, browser, endpoint, lists, maxSeconds, admin: adminOf(values), key: keyOf(values) };
};

/** Examines, prints, and ends with 0 if nothing is wrong, 1 if something is, and 2 if it could not look. */
export const runDoctor = async (values: Values<'doctor'>, [page = '']: string[]): Promise<void> => {
  const options = optionsOf(values, page);
  const { examine } = await import('../../tools/doctor/doctor.js');
  const report = await examine(options).catch((cause: unknown) => {
    throw cause instanceof Error && cause.name === 'NotLooked' ? new Failure(cause.message) : cause;
  });
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : render(report));
  if (isAnythingWrong(report)) process.exitCode = WRONG;
};
