// `npm run lists`: fetches public filter lists into .lists/, for `offersight doctor --lists .lists`. They belong to their
// publishers: none is committed or packed.
import { mkdir, writeFile } from 'node:fs/promises';

const EASYLIST = 'The EasyList authors, GPL-3.0-or-later or CC-BY-SA-3.0-or-later';
const UBLOCK = 'The uBlock Origin team, GPL-3.0';

/** @type {[name: string, url: string, publisher: string][]} */
const LISTS = [
  ['easylist', 'https://easylist.to/easylist/easylist.txt', EASYLIST],
  ['easyprivacy', 'https://easylist.to/easylist/easyprivacy.txt', EASYLIST],
  ['fanboy-annoyance', 'https://easylist.to/easylist/fanboy-annoyance.txt', EASYLIST],
  ['ublock-filters', 'https://ublockorigin.github.io/uAssets/filters/filters.txt', UBLOCK],
  ['ublock-privacy', 'https://ublockorigin.github.io/uAssets/filters/privacy.txt', UBLOCK],
  [
    'adguard-base',
    'https://filters.adtidy.org/extension/chromium/filters/2.txt',
    'AdGuard Software, GPL-3.0',
  ],
];

await mkdir('.lists', { recursive: true });
for (const [name, url, publisher] of LISTS) {
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  // A captive portal or an error page would be read as a list without filters.
  if (!response.ok || !/^\s*(?:\[Adblock|!)/.test(text))
    throw new Error(`${url} answered with no filter list`);
  await writeFile(`.lists/${name}.txt`, text);
  console.log(`${name}: ${text.split('\n').length} lines from ${url}, ${publisher}`);
}
