/** What loading the proxy's modules does: nothing that workerd forbids to a module, as Cloudflare's Workers have it. */
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, it, vi } from 'vitest';

/** What the global scope of a Worker may not do; in workerd each of these throws there. */
const FORBIDDEN = ['setTimeout', 'setInterval', 'setImmediate', 'fetch'] as const;
const forbid = vi.hoisted(() => (name: string) => (): never => {
  throw new Error(`Disallowed operation called within global scope: ${name}`);
});
const withoutRandom = vi.hoisted(() => async (original: () => Promise<object>) => ({
  ...(await original()),
  ...Object.fromEntries(
    ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'].map((name) => [name, forbid(name)]),
  ),
}));
vi.mock('node:crypto', withoutRandom);
// A Worker has no files.
vi.mock('node:fs', async (original: () => Promise<object>) => ({
  ...(await original()),
  ...Object.fromEntries(
    ['readFileSync', 'readlinkSync'].map((name) => [
      name,
      () => {
        throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      },
    ]),
  ),
}));

const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};
const ENTRIES = Object.entries(exports).flatMap(([name, { default: file = '' }]) =>
  name.startsWith('./proxy')
    ? [[name, file.replace('./dist', '../../src').replace(/\.js$/, '.ts')] as const]
    : [],
);

beforeEach(() => {
  vi.resetModules();
  for (const name of FORBIDDEN) vi.stubGlobal(name, forbid(name));
  for (const name of ['randomUUID', 'getRandomValues'] as const)
    vi.spyOn(crypto, name).mockImplementation(forbid(name));
  vi.spyOn(Math, 'random').mockImplementation(forbid('Math.random'));
});

it.each(ENTRIES)('%s asks for nothing random, no timer and no network as it loads', async (_, file) => {
  expect(await import(file)).toBeTypeOf('object');
});
