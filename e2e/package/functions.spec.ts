/** The recipes for functions, called as each host calls them. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { blocksOf } from '../../test/support/markdown.js';
import { bodyOf, eventOf } from '../fixtures/post.js';
import { onlyBlock } from '../fixtures/recipe.js';
import { type Bench, expect, test } from '../fixtures/standalone.js';

const URL_OF_PAGES = 'https://shop.example/offer-events';

/** The answer, in one form for all hosts. */
interface Answer {
  readonly status: number;
  readonly text: string;
}

/** How one host calls the exports of a recipe's file. */
interface Host {
  readonly recipe: string;
  /** Where the recipe puts the file. */
  readonly file: string;
  readonly call: (
    exported: Readonly<Record<string, unknown>>,
    request: { readonly method: string; readonly body?: string; readonly address: string },
    env: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
}

/** Runs with the environment of a host that has this key. */
const withKey = async (key: string | undefined, run: () => Promise<void>): Promise<void> => {
  const before = process.env.OFFERSIGHT_API_KEY;
  const set = (value: string | undefined): void => {
    if (value === undefined) delete process.env.OFFERSIGHT_API_KEY;
    else process.env.OFFERSIGHT_API_KEY = value;
  };
  set(key);
  await run().finally(() => set(before));
};

/** Runs, and gives the lines that were logged as errors. */
const loggedBy = async (run: () => Promise<void>): Promise<readonly unknown[][]> => {
  const { error } = console;
  const lines: unknown[][] = [];
  console.error = (...line) => void lines.push(line);
  await run().finally(() => {
    console.error = error;
  });
  return lines;
};

type Fetching = (request: Request, second?: unknown) => Promise<Response>;

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  text: await response.text(),
});

const HEADERS = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };

const requestOf = (
  method: string,
  body: string | undefined,
  more: Readonly<Record<string, string>>,
): Request =>
  new Request(URL_OF_PAGES, {
    method,
    headers: { ...HEADERS, ...more },
    ...(body !== undefined && { body }),
  });

const HOSTS: Readonly<Record<string, Host>> = {
  Cloudflare: {
    recipe: 'docs/recipes/cloudflare.md',
    file: 'src/offers.js',
    call: async (exported, { method, body, address }, env) => {
      const worker = exported.default as { fetch: Fetching };
      return answerOf(await worker.fetch(requestOf(method, body, { 'cf-connecting-ip': address }), env));
    },
  },
  Vercel: {
    recipe: 'docs/recipes/vercel.md',
    file: 'api/offer-events.js',
    // Vercel itself answers requests of a method that the file does not export.
    call: async (exported, { method, body, address }) =>
      method in exported
        ? answerOf(
            await (exported[method] as Fetching)(requestOf(method, body, { 'x-forwarded-for': address })),
          )
        : { status: 405, text: '' },
  },
  Netlify: {
    recipe: 'docs/recipes/netlify.md',
    file: 'netlify/functions/offer-events.mjs',
    call: async (exported, { method, body, address }) => {
      expect(exported.config).toEqual({ path: '/offer-events' });
      const request = requestOf(method, body, { 'x-nf-client-connection-ip': address });
      return answerOf(await (exported.default as Fetching)(request, { ip: address }));
    },
  },
  AWS: {
    recipe: 'docs/recipes/aws.md',
    file: 'offers.mjs',
    call: async (exported, { method, body, address }) => {
      const handler = exported.handler as (event: object) => Promise<{ statusCode: number; body: string }>;
      // This is payload format 2.0 behind CloudFront, which added the visitor's address. API Gateway added
      // CloudFront's.
      const { statusCode, body: text } = await handler({
        version: '2.0',
        rawPath: '/offer-events',
        headers: { ...HEADERS, host: 'api.example', 'x-forwarded-for': `${address}, 203.0.113.250` },
        requestContext: { http: { method, path: '/offer-events', sourceIp: '203.0.113.250' } },
        ...(body !== undefined && { body: Buffer.from(body).toString('base64') }),
        isBase64Encoded: body !== undefined,
      });
      return { status: statusCode, text };
    },
  },
};

/** Puts the built package where the files of a folder find it. */
const install = async (folder: string): Promise<void> => {
  const own = join(folder, 'node_modules', 'offersight');
  await mkdir(own, { recursive: true });
  await cp('package.json', join(own, 'package.json'));
  await cp('dist', join(own, 'dist'), { recursive: true });
  await symlink(resolve('node_modules'), join(own, 'node_modules'));
};

/** Puts the recipe's file beside the built package, with the mock API as its upstream. */
const deploy = async (
  { recipe, file }: Host,
  { folder, upstream }: Bench,
): Promise<Record<string, unknown>> => {
  const code = await onlyBlock(recipe, 'js');
  expect(await readFile(recipe, 'utf8')).toContain(`\`\`\`js ${file}\n`);
  for (const said of ["site: 'acme-test',", 'perMinute: 50 ']) expect(code.split(said)).toHaveLength(2);
  await install(folder);
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, file),
    code
      .replace(
        "site: 'acme-test',",
        `site: 'acme-test', limits: { perAddress: 100 }, baseUrl: '${upstream.url}',`,
      )
      .replace('perMinute: 50 ', 'perMinute: 5_000 '),
  );
  return (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>;
};

const KEY_MISSING = [
  [expect.stringMatching(/^OffersightError: configuration: Set apiKey .*[^\n]$/) as unknown],
];

for (const [name, host] of Object.entries(HOSTS)) {
  test(`the function for ${name} forwards events, distinguishes visitors, and takes only POST`, async ({
    bench,
  }) => {
    const env = { OFFERSIGHT_API_KEY: bench.apiKey };
    await withKey(bench.apiKey, async () => {
      const exported = await deploy(host, bench);
      const send = (address: string, body: string): Promise<Answer> =>
        host.call(exported, { method: 'POST', body, address }, env);
      const post = (address: string, ...numbers: number[]): Promise<Answer> =>
        send(address, bodyOf(...numbers.map((at) => eventOf(at))));
      const body = bodyOf(eventOf(1));
      const first = await send('198.51.100.1', body);
      expect([first.status, first.text]).toEqual([200, expect.stringContaining('accepted')]);
      // A page that did not get the answer repeats the request, and nothing is forwarded twice.
      expect((await send('198.51.100.1', body)).text).toContain('duplicate');
      expect(bench.upstream.history()).toHaveLength(1);

      const many = Array.from({ length: 100 }, (_, at) => at + 2);
      expect((await post('198.51.100.2', ...many)).status).toBe(200);
      expect((await post('198.51.100.2', 200)).status).toBe(429);
      expect((await post('198.51.100.3', 201)).status).toBe(200);
      expect((await host.call(exported, { method: 'GET', address: '198.51.100.4' }, env)).status).toBe(405);
    });
  });

  test(`the function for ${name} loads without the key, answers 503, and says so in one line`, async ({
    bench,
  }) => {
    const lines = await loggedBy(() =>
      withKey(undefined, async () => {
        const exported = await deploy(host, bench);
        for (const number of [1, 2]) {
          const request = { method: 'POST', body: bodyOf(eventOf(number)), address: '198.51.100.1' };
          expect((await host.call(exported, request, {})).status).toBe(503);
        }
      }),
    );
    expect(lines).toEqual(KEY_MISSING);
  });
}

test('Next’s guide without the key: the server starts, the route answers 503, and the log has one line', async ({
  bench: { folder },
}) => {
  const blocks = blocksOf(await readFile('docs/start/next.md', 'utf8'));
  const write = async (name: string): Promise<string> => {
    const [block] = blocks.filter((each) => each.name === name && each.language === 'ts');
    const file = join(folder, name.replace('.ts', '.js'));
    const { outputText } = ts.transpileModule(`${block?.text}`, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    await mkdir(dirname(file), { recursive: true });
    // Next finds files without their ending.
    const code = outputText.replaceAll("/offer-proxy'", "/offer-proxy.js'");
    await writeFile(file, code.replace("'offers.db'", JSON.stringify(join(folder, 'offers.db'))));
    return pathToFileURL(file).href;
  };
  await install(folder);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await write('app/offer-events/offer-proxy.ts');
  const [route, start] = [await write('app/offer-events/route.ts'), await write('instrumentation.ts')];
  process.env.NEXT_RUNTIME = 'nodejs';
  const lines = await loggedBy(() =>
    withKey(undefined, async () => {
      const { register } = (await import(start)) as { register: () => Promise<void> };
      await register();
      const { POST } = (await import(route)) as { POST: Fetching };
      for (const number of [1, 2])
        expect((await POST(requestOf('POST', bodyOf(eventOf(number)), {}))).status).toBe(503);
    }),
  );
  delete process.env.NEXT_RUNTIME;
  expect(lines).toEqual(KEY_MISSING);
});
