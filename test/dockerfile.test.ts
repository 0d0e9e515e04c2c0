import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listenOnLoopback } from './support/sockets.js';

/** The optional packages that a proxy can use. Those of frameworks are for pages. */
const PROXY_PACKAGES = ['libsql', 'pg', 'prom-client', 'undici'];

const { devDependencies, peerDependencies, scripts } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as Record<'devDependencies' | 'peerDependencies' | 'scripts', Record<string, string>>;

/** The instructions, a line each. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replaceAll('\\\n', '')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => {
    const [name = '', ...words] = line.split(/\s+/);
    return { name, words, text: words.join(' ') };
  });
const all = (name: string) => instructions.filter((instruction) => instruction.name === name);
/** The instructions of the image that runs. */
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const only = (name: string) => {
  const [found, another] = last.filter((instruction) => instruction.name === name);
  if (!found || another) throw new Error(`the image should say ${name} once`);
  return found;
};
const execForm = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[];

describe('the container', () => {
  test('copies only files that exist, and that the build context has', () => {
    const copied = all('COPY').filter(({ text }) => !text.startsWith('--from'));
    const sources = new Set(copied.flatMap(({ words }) => words.slice(0, -1)));
    const letIn = readFileSync('.dockerignore', 'utf8').split('\n').filter(Boolean);
    expect(letIn.filter((line) => !/^[!#]/.test(line))).toEqual(['*']);
    expect(
      letIn
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1))
        .toSorted(),
    ).toEqual([...sources].toSorted());
    for (const source of sources) expect(existsSync(source), source).toBe(true);
    // The build's configuration extends another one, which also has to be there.
    expect(sources).toContain('tsconfig.json');
  });

  test('runs commands that exist, and installs every optional package of the proxy', () => {
    const commands = all('RUN').map(({ text }) => text);
    for (const [, script] of commands.flatMap((text) => [...text.matchAll(/npm run (\S+)/g)]))
      expect(scripts).toHaveProperty(String(script));
    const installed = /--save-prod (.+)$/.exec(
      commands.find((text) => text.includes('--save-prod')) ?? '',
    )?.[1];
    expect(installed?.split(' ').toSorted()).toEqual(PROXY_PACKAGES);
    expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining(PROXY_PACKAGES));
    // npm takes the version from here.
    expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(PROXY_PACKAGES));
    for (const { text } of all('FROM')) expect(text).toMatch(/^node:20-slim( AS \w+)?$/);
  });

  test('never runs as root, keeps no secret, and stops by SIGTERM', () => {
    expect(only('USER').text).toBe('node');
    expect(only('VOLUME').text).toBe(only('WORKDIR').text);
    expect(only('STOPSIGNAL').text).toBe('SIGTERM');
    expect(all('ARG')).toEqual([]);
    expect(all('ENV').map(({ text }) => text)).toEqual(['NODE_ENV=production']);
  });

  test('starts the proxy by flags that the program has', () => {
    const [program, command, ...flags] = execForm(only('ENTRYPOINT').text);
    expect([program, command]).toEqual(['offersight', 'proxy']);
    const { stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/proxy/cli.ts', 'proxy', '--help'],
      {
        encoding: 'utf8',
      },
    );
    for (const flag of flags.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
    // The health check looks here.
    expect(stdout).toContain(`The port of the endpoint. Without it: ${only('EXPOSE').text}.`);
    expect(only('HEALTHCHECK').text).toContain(`:${only('EXPOSE').text}/healthz`);
  });

  test('is healthy while the proxy answers, and not otherwise', async () => {
    let status = 200;
    const server = await listenOnLoopback((_, response) => response.writeHead(status).end());
    const [program, ...args] = execForm(only('HEALTHCHECK').text);
    expect(program).toBe('node');
    const check = async () => {
      const given = args.map((arg) => arg.replace(`:${only('EXPOSE').text}/`, `:${server.port}/`));
      return (await once(spawn(process.execPath, given), 'close'))[0] as number;
    };
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    await server.close();
    expect(await check()).toBe(1);
  });
});
