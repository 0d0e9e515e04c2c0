/** A folder of files, read anew for each request. */
import { readdirSync } from 'node:fs';
import sirv from 'sirv';
import { reply } from '../proxy/cli/routes.js';
import type { Behind } from './application.js';

/** What a name with a dot in front holds, such as keys, is nobody's to read. */
const HIDDEN = /[/\\]\.(?!well-known\/)/;

/** The pages at the top of a folder. */
export const pagesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.html'))
    .sort();

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const listing = (folder: string): string => {
  const pages = pagesIn(folder);
  const lines = pages.map((name) => `<li><a href="/${encodeURIComponent(name)}">${escapeHtml(name)}</a>`);
  return `<!doctype html>
<meta charset="utf-8">
<title>Pages of this folder</title>
${pages.length ? `<p>There is no index.html. The pages of this folder:</p><ul>${lines.join('')}</ul>` : '<p>There is no page in this folder.</p>'}
`;
};

/** As the file system reads it. */
const pathOf = (url = '/'): string => {
  const [path = '/'] = url.split('?', 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** Serves a folder's files; hidden ones are left out. Nothing is kept by browsers, so that what was just saved shows. */
export const serveFolder = (folder: string): Behind => {
  const files = sirv(folder, { dev: true });
  return {
    answer(incoming, outgoing) {
      const path = pathOf(incoming.url);
      const miss = (): void =>
        path === '/'
          ? reply(outgoing, 200, 'text/html; charset=utf-8', listing(folder))
          : reply(outgoing, 404, 'text/plain', 'There is no such file.\n');
      // A file that vanishes while it is read.
      outgoing.on('pipe', (source) => source.on('error', () => outgoing.destroy()));
      if (HIDDEN.test(path)) miss();
      else files(incoming, outgoing, miss);
    },
  };
};
