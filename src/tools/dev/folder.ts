/** A folder of files, read again for each request. */
import { readdirSync, realpathSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { lookup } from 'mrmime';
import { type Answer, isReading, reply } from '../../proxy/cli/routes.js';
import type { Behind } from './application.js';

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

const decode = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
};

/** What a request asks for: a file, a folder that its address lacks the slash of, or nothing. */
type Found = { readonly file: string } | { readonly folder: true } | undefined;

/**
 * Looks a path up. What a name with a dot in front holds, such as keys, is nobody's to read, nor is what a link leads to outside
 * of the folder.
 */
const find = async (root: string, path: string): Promise<Found> => {
  if (/[/\\]\.(?!well-known\/)|\0/.test(path)) return undefined;
  try {
    const wanted = await realpath(join(root, path));
    if (wanted !== root && !wanted.startsWith(root + sep)) return undefined;
    if (!(await stat(wanted)).isDirectory()) return { file: wanted };
    if (!path.endsWith('/')) return { folder: true };
    return await find(root, `${path}index.html`);
  } catch {
    return undefined;
  }
};

/** The part of a file that a player asks for (RFC 9110 §14); undefined for the whole. */
const rangeOf = (
  range: string | undefined,
  size: number,
): readonly [from: number, to: number] | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (!first && !last) return undefined;
  const from = first ? Number(first) : Math.max(0, size - Number(last));
  const to = first && last ? Math.min(Number(last), size - 1) : size - 1;
  return from <= to ? [from, to] : undefined;
};

/**
 * Serves a folder's files. Each is read to its end before its length is sent, since a developer may
 * save while pages load. Browsers do not store any, so that a change shows at once.
 */
export const serveFolder = (folder: string): Behind => {
  const root = realpathSync(folder);
  const answer: Answer = async (incoming, outgoing) => {
    const [target = '/', query] = (incoming.url ?? '/').split('?', 2);
    const path = decode(target);
    const found = path === undefined || !isReading(incoming) ? undefined : await find(root, path);
    outgoing.setHeader('cache-control', 'no-store');
    if (found && 'folder' in found) {
      // A path of two slashes would be another host.
      const location = `/${target.replace(/^\/+/, '')}/${query === undefined ? '' : `?${query}`}`;
      return void outgoing.writeHead(308, { location }).end();
    }
    // It may be gone again.
    const bytes = found && (await readFile(found.file).catch(() => undefined));
    if (!bytes)
      return path === '/'
        ? reply(outgoing, 200, 'text/html; charset=utf-8', listing(root))
        : reply(outgoing, 404, 'text/plain', 'There is no such file.\n');
    const type = lookup(found.file) ?? 'application/octet-stream';
    outgoing.setHeader('content-type', type.startsWith('text/') ? `${type}; charset=utf-8` : type);
    outgoing.setHeader('accept-ranges', 'bytes');
    const range = rangeOf(incoming.headers.range, bytes.length);
    const part = range ? bytes.subarray(range[0], range[1] + 1) : bytes;
    if (range) outgoing.setHeader('content-range', `bytes ${range[0]}-${range[1]}/${bytes.length}`);
    outgoing.writeHead(range ? 206 : 200, { 'content-length': part.length }).end(part);
  };
  return { answer };
};
