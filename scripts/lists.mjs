// `npm run lists`: fetches public filter lists into .lists/, for `offersight doctor --lists .lists`. They belong to their
// publishers: none is committed or packed. `--mirror URL` takes them from another place, as NAME.txt; `--into DIR` puts them there.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const EASYLIST = { publisher: 'The EasyList authors', licence: 'GPL-3.0-or-later or CC-BY-SA-3.0-or-later' };
const UBLOCK = { publisher: 'The uBlock Origin team', licence: 'GPL-3.0' };
const ADGUARD = { publisher: 'AdGuard Software', licence: 'GPL-3.0' };

const LISTS = [
  { name: 'easylist', url: 'https://easylist.to/easylist/easylist.txt', ...EASYLIST },
  { name: 'easyprivacy', url: 'https://easylist.to/easylist/easyprivacy.txt', ...EASYLIST },
  { name: 'fanboy-annoyance', url: 'https://easylist.to/easylist/fanboy-annoyance.txt', ...EASYLIST },
  { name: 'ublock-filters', url: 'https://ublockorigin.github.io/uAssets/filters/filters.txt', ...UBLOCK },
  { name: 'ublock-privacy', url: 'https://ublockorigin.github.io/uAssets/filters/privacy.txt', ...UBLOCK },
  { name: 'adguard-base', url: 'https://filters.adtidy.org/extension/chromium/filters/2.txt', ...ADGUARD },
];

const MAX_BYTES = 30_000_000;
const TIMEOUT_MS = 60_000;

/** @param {string} url */
const read = async (url) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const chunks = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  // A captive portal or an error page would be read as a list without filters.
  if (!/^\s*(?:\[Adblock|!)/.test(text)) throw new Error('it is no filter list');
  return text;
};

const { values } = parseArgs({
  options: { mirror: { type: 'string' }, into: { type: 'string', default: '.lists' } },
});
await mkdir(values.into, { recursive: true });
for (const { name, url, publisher, licence } of LISTS) {
  const from = values.mirror === undefined ? url : new URL(`${name}.txt`, values.mirror).href;
  try {
    const text = await read(from);
    await writeFile(join(values.into, `${name}.txt`), text);
    console.log(`${name}: ${text.split('\n').length} lines from ${from}, ${publisher}, ${licence}`);
  } catch (cause) {
    console.error(`${name}: not fetched from ${from}: ${cause instanceof Error ? cause.message : cause}`);
    process.exitCode = 1;
  }
}
