/** `offersight doctor`: from flags to what is wrong between a page and Chargebee. */
import type { DoctorOptions } from '../../doctor/doctor.js';
import { isAnythingWrong, render } from '../../doctor/words.js';
import { Failure } from './failure.js';
import { FLAGS } from './flag-table.js';
import { numberOf, read, siteNameOf } from './flags.js';
import { readSecret } from './secrets.js';

/** Something is wrong with the deployment. */
const WRONG = 1;
/** The doctor could not look. */
const NOT_LOOKED = 2;

type Values = ReturnType<typeof read<typeof FLAGS.doctor>>['values'];

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

const adminOf = (values: Values): DoctorOptions['admin'] => {
  const { admin } = values;
  if (admin === undefined) return undefined;
  const token = readSecret(values['admin-token-file'], 'OFFERSIGHT_ADMIN_TOKEN');
  if (token === undefined) throw new Failure('Set OFFERSIGHT_ADMIN_TOKEN or --admin-token-file for --admin.');
  const url = urlOf('--admin', admin);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new Failure(
      '--admin must be https, or http on this machine: the token must not be readable on the way.',
    );
  return { url: url.href, token };
};

const keyOf = (values: Values): DoctorOptions['key'] => {
  if (!values['check-key']) return undefined;
  const apiKey = readSecret(values['api-key-file'], 'OFFERSIGHT_API_KEY');
  if (apiKey === undefined) throw new Failure('Set OFFERSIGHT_API_KEY or --api-key-file for --check-key.');
  const site = siteNameOf(values.site);
  const url = urlOf('--base-url', values['base-url'] ?? `https://${site}.grow.chargebee.com`);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new Failure('--base-url must be an https origin.');
  return { apiKey, baseUrl: url.origin };
};

const optionsOf = (args: string[]): { readonly options: DoctorOptions; readonly isJson: boolean } => {
  const { values, positionals } = read(args, FLAGS.doctor, true);
  const [page, ...others] = positionals;
  if (page === undefined || others.length)
    throw new Failure('Give the URL of one page. See offersight --help.');
  const url = urlOf('The page', page).href;
  const { endpoint, lists, json = false } = values;
  if (
    endpoint !== undefined &&
    !/^https?:$/.test(URL.canParse(endpoint, url) ? new URL(endpoint, url).protocol : '')
  )
    throw new Failure('Set --endpoint to a path or a URL, such as /offer-events.');
  const browser = {
    isWanted: !values['no-browser'],
    path: values.browser ?? (process.env.CHROME_PATH || undefined),
    searched: process.env.PATH,
    isRoot: process.getuid?.() === 0,
  };
  const maxSeconds = numberOf('max-seconds', values['max-seconds'], { least: 10, most: 600 });
  return {
    options: { url, browser, endpoint, lists, maxSeconds, admin: adminOf(values), key: keyOf(values) },
    isJson: json,
  };
};

/** Examines, prints, and ends with 0 if nothing is wrong, 1 if something is, and 2 if it could not look. */
export const runDoctor = async (args: string[]): Promise<void> => {
  try {
    const { options, isJson } = optionsOf(args);
    const { examine } = await import('../../doctor/doctor.js');
    const report = await examine(options);
    process.stdout.write(isJson ? `${JSON.stringify(report)}\n` : render(report));
    if (isAnythingWrong(report)) process.exitCode = WRONG;
  } catch (cause) {
    const isSaid = cause instanceof Failure || (cause instanceof Error && cause.name === 'NotLooked');
    process.stderr.write(`offersight: ${isSaid ? cause.message : String(cause)}\n`);
    process.exitCode = NOT_LOOKED;
  }
};
