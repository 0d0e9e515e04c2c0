/** The page on privacy lists every name under which the sources store, send or write something. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { METRICS, type Metric } from '../src/proxy/cli/metric-names.js';
import { openFile } from '../src/proxy/intake/sqlite/sqlite-file.js';

const PAGE = readFileSync('docs/privacy.md', 'utf8');
const read = (file: string): string => readFileSync(file, 'utf8');

const filesBelow = (...folders: readonly string[]): string[] =>
  folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  );
const textBelow = (...folders: readonly string[]): string =>
  filesBelow(...folders)
    .map(read)
    .join('\n');

/** The part of the page under a heading. */
const under = (heading: string): string => {
  const part = PAGE.split('\n## ').find((each) => each.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`The page has no part “${heading}”.`);
  return part;
};
/** The row of a table whose first cell names something. */
const rowOf = (part: string, name: string): string =>
  part.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';

/** The names that a page does not have as code. */
const missing = (names: readonly string[], text: string): string[] => {
  const named = new Set([...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  return names.filter((name) => !named.has(name));
};

const found = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];

const parse = (text: string): ts.SourceFile =>
  ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2022, true);
const nodesOf = (node: ts.Node): ts.Node[] => {
  const nodes = [node];
  ts.forEachChild(node, (child) => {
    nodes.push(...nodesOf(child));
  });
  return nodes;
};

/** The properties that an interface declares by itself. */
const membersOf = (text: string, name: string): string[] => {
  const [declared] = nodesOf(parse(text)).filter(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  );
  if (!declared) throw new Error(`There is no interface ${name}.`);
  return declared.members.flatMap((member) => member.name?.getText() ?? []);
};

/** The words of a constant set, such as `EVENT_FIELDS`. */
const setOf = (text: string, name: string): string[] =>
  found(new RegExp(`const ${name} = new Set\\(\\[([^\\]]*)\\]`).exec(text)?.[1] ?? '', /'(\w+)'/g);

/** A source with one more item of a kind behind a place in it. */
const withMore = (text: string, place: string, more: string): string => {
  expect(text).toContain(place);
  return text.replace(place, `${place}${more}`);
};

describe('in the browser', () => {
  const part = under('In the browser');
  const records = read('src/client/outbox/records.ts');
  const event = read('src/protocol/event.ts');
  const site = read('src/client/later/outbox/remembering.ts');
  /** The kinds of records, and what a `state` is about. */
  const kindsOf = (text: string): string[] => {
    const [, key = ''] = /export type RecordKey =([^;]*);/.exec(text) ?? [];
    return found(key, /'(\w+)'/g);
  };
  const fieldsOf = (source: string): string[] => [
    ...membersOf(source, 'OutboxEntry'),
    ...membersOf(source, 'Mark'),
    ...membersOf(source, 'Pause'),
  ];
  const eventFieldsOf = (source: string): string[] =>
    ['OfferEventBase', 'ViewedEvent', 'DismissedEvent'].flatMap((name) => membersOf(source, name));

  it('every kind of record is listed', () => {
    expect(kindsOf(records)).toEqual(['entry', 'dead', 'seen', 'state', 'pause', 'site']);
    expect(missing(kindsOf(records), part)).toEqual([]);
    expect(missing(kindsOf(withMore(records, "'entry' | 'dead'", " | 'visitor'")), part)).toEqual([
      'visitor',
    ]);
  });

  it('every field of a record is listed', () => {
    expect(fieldsOf(records).length).toBeGreaterThan(15);
    expect(missing(fieldsOf(records), part)).toEqual([]);
    expect(missing(membersOf(site, 'Site'), part)).toEqual([]);
    const [, letter = ''] =
      /put\(\['dead', [^{]*\{([^}]*)\}/.exec(read('src/client/later/outbox/giving-up.ts')) ?? [];
    expect(found(letter, /([a-z]\w*)(?=:|,)/gi)).toEqual(['v', 'event', 'code', 'deadAt']);
    expect(missing(['v', 'event', 'code', 'deadAt'], part)).toEqual([]);
    // A service worker also gets the page's options for storing and sending.
    expect(missing(membersOf(site, 'LeasingOptions'), part)).toEqual([]);
    const flusher = read('src/client/later/delivery/flusher.ts');
    expect(missing(membersOf(flusher, 'FlusherOptions'), part)).toEqual([]);
    const more = withMore(records, 'export interface Mark {', ' readonly address: string;');
    expect(missing(fieldsOf(more), part)).toEqual(['address']);
  });

  it('every field of an event has a row', () => {
    const without = (source: string): string[] => eventFieldsOf(source).filter((name) => !rowOf(part, name));
    expect(eventFieldsOf(event).length).toBeGreaterThan(8);
    expect(without(event)).toEqual([]);
    const more = withMore(event, 'export interface OfferEventBase {', ' readonly visitor: string;');
    expect(without(more)).toEqual(['visitor']);
  });

  it('there is no other storage', () => {
    const OTHER =
      /\bdocument\.cookie|\bcookieStore\b|\blocalStorage\b|\bsessionStorage\b|\bcaches\.(open|match)/;
    const sources = filesBelow('src/client', 'src/adapters', 'src/protocol').concat(
      'src/script.ts',
      'src/service-worker.ts',
      'src/runtime.ts',
      'src/tabs.ts',
    );
    expect(sources.filter((file) => OTHER.test(read(file)))).toEqual([]);
    expect(OTHER.test("localStorage.setItem('visitor', id)")).toBe(true);
  });

  it('everything that a tag manager gets is listed', () => {
    const pushed = /push\(\{([\s\S]*?)\n {4}\}\)/.exec(read('src/client/later/data-layer.ts'))?.[1] ?? '';
    const names = found(pushed, /\b([a-z_]+):/g);
    expect(names).toContain('is_durable');
    expect(missing(names, part)).toEqual([]);
  });
});

describe('on the wire', () => {
  const part = under('From the browser to your proxy');
  const decode = read('src/protocol/decode.ts');
  const batch = read('src/protocol/batch.ts');
  const without = (names: readonly string[]): string[] => names.filter((name) => !rowOf(part, name));

  it('every field of a request has a row', () => {
    const fieldsOf = (text: string): string[] => [
      ...setOf(text, 'REQUEST_FIELDS'),
      ...setOf(text, 'EVENT_FIELDS'),
    ];
    expect(fieldsOf(decode).length).toBeGreaterThan(10);
    expect(without(fieldsOf(decode))).toEqual([]);
    expect(without([...membersOf(batch, 'WireRequest'), ...membersOf(batch, 'WireEvent')])).toEqual([]);
    expect(without(fieldsOf(withMore(decode, "'reason',", "\n  'visitor',")))).toEqual(['visitor']);
  });

  it('every field of a reply has a row', () => {
    const fieldsOf = (text: string): string[] => [
      ...membersOf(text, 'WireReply'),
      ...membersOf(text, 'WireResult'),
    ];
    expect(without(fieldsOf(batch))).toEqual([]);
    const more = withMore(batch, 'export interface WireResult {', ' readonly visitor: string;');
    expect(without(fieldsOf(more))).toEqual(['visitor']);
  });

  it('every header that the proxy reads of a page’s request is listed', () => {
    const headersOf = (text: string): string[] => found(text, /headers\.(?:get|has)\('([\w-]+)'\)/g);
    const door = [...filesBelow('src/proxy/door', 'src/proxy/judging'), 'src/proxy/handler.ts']
      .map(read)
      .join();
    expect(headersOf(door)).toContain('sec-fetch-site');
    expect(missing(headersOf(door), part)).toEqual([]);
    const [, forwarding = ''] = /FORWARDING_HEADERS = \[([^\]]*)\]/.exec(door) ?? [];
    expect(found(forwarding, /'([\w-]+)'/g).length).toBeGreaterThan(4);
    expect(missing(found(forwarding, /'([\w-]+)'/g), part)).toEqual([]);
    expect(missing(headersOf("headers.get('x-visitor')"), part)).toEqual(['x-visitor']);
  });

  it('every header that Chargebee gets is listed', () => {
    const chargebee = under('From your proxy to Chargebee');
    const headersOf = (text: string): string[] => found(text, /'(chargebee-[a-z-]*[a-z])'/g);
    const proxy = textBelow('src/proxy');
    expect(headersOf(proxy).length).toBeGreaterThan(4);
    expect(missing(headersOf(proxy), chargebee)).toEqual([]);
    const [, disabled = ''] = /disable\?: readonly \(([^)]*)\)/.exec(proxy) ?? [];
    expect(
      missing(
        found(disabled, /'(\w+)'/g).map((name) => `chargebee-event-${name}`),
        chargebee,
      ),
    ).toEqual([]);
    expect(missing(headersOf("'chargebee-visitor'"), chargebee)).toEqual(['chargebee-visitor']);
    expect(missing(membersOf(read('src/proxy/forward/usage-events.ts'), 'UsageEvent'), chargebee)).toEqual(
      [],
    );
  });
});

describe('in the file', () => {
  const part = under('In the proxy’s file (SQLite)'.replace('’', "'"));
  const folder = mkdtempSync(join(tmpdir(), 'offersight-privacy-'));
  const database = openFile(join(folder, 'intake.db'));
  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  interface Named {
    readonly name: string;
  }
  /** Every column as `table.column`. */
  const columns = (): string[] => {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as unknown as Named[];
    return tables.flatMap(({ name: table }) =>
      (database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all() as unknown as Named[]).map(
        ({ name }) => `${table}.${name}`,
      ),
    );
  };
  /** Every column that the page lists. */
  const listed = (): string[] =>
    part
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => {
        const [, table = '', names = ''] = line.split('|');
        return found(names, /`(\w+)`/g).map((name) => `${table.trim().replaceAll('`', '')}.${name}`);
      });

  it('every column is listed in its table’s row, nothing else is, and one more is missed', () => {
    expect(columns().length).toBeGreaterThan(50);
    expect(listed().sort()).toEqual(columns().sort());
    database.exec('ALTER TABLE ledger ADD COLUMN visitor TEXT');
    expect(columns().filter((column) => !listed().includes(column))).toEqual(['ledger.visitor']);
  });
});

it('every key in Redis is listed, and every field of an event there', () => {
  const part = under('In Redis');
  const keysOf = (text: string): string[] =>
    found(text, /\b(?:own \.\. |(?:get|put|unset|add|drop|between|texts)\()'([a-z:-]+)'/g);
  const fieldsOf = (text: string): string[] => found(text, /\be\.([a-zA-Z]+)/g);
  const redis = textBelow('src/proxy/intake/redis');
  expect(keysOf(redis).length).toBeGreaterThan(25);
  expect(fieldsOf(redis).length).toBeGreaterThan(20);
  expect(missing([...keysOf(redis), ...fieldsOf(redis)], part)).toEqual([]);
  expect(missing(keysOf(`${redis} put('names', 1)`), part)).toEqual(['names']);
  expect(missing(fieldsOf(`${redis} e.address = 1`), part)).toEqual(['address']);
});

describe('in the log', () => {
  const part = under('In the log');
  const observation = read('src/proxy/telling/observation.ts');

  /** Each kind of an observation, with its other fields. */
  const kindsOf = (text: string): Map<string, string[]> =>
    new Map(
      nodesOf(parse(text))
        .filter(ts.isTypeLiteralNode)
        .map((literal) => {
          const names = literal.members.flatMap((member) => member.name?.getText() ?? []);
          return [
            /kind: '(\w+)'/.exec(literal.getText())?.[1] ?? '',
            names.filter((name) => name !== 'kind'),
          ];
        }),
    );
  const without = (text: string): string[] =>
    [...kindsOf(text)].flatMap(([kind, fields]) =>
      rowOf(part, kind) ? missing(fields, rowOf(part, kind)).map((field) => `${kind}.${field}`) : [kind],
    );

  it('every observation has a row, and every field of it is there', () => {
    expect([...kindsOf(observation).keys()]).toEqual(['request', 'verdict', 'call', 'forwarded']);
    expect(without(observation)).toEqual([]);
    expect(without(withMore(observation, "kind: 'call';", ' readonly address: string;'))).toEqual([
      'call.address',
    ]);
    expect(without(observation.replace("kind: 'call'", "kind: 'visit'"))).toEqual(['visit']);
  });

  /** A message as the page has it: what differs from line to line is an ellipsis. A variable is in parentheses. */
  const messageOf = (message: ts.Expression): string => {
    if (ts.isStringLiteral(message)) return message.text.replace(/:.*/, ': …');
    return ts.isTemplateExpression(message) ? `${message.head.text}…` : `(${message.getText()})`;
  };
  /** Every message, and the fields that are logged with it, also those that depend on something. */
  const linesOf = (text: string): [string, string[]][] =>
    nodesOf(parse(text))
      .filter(ts.isCallExpression)
      .filter((call) => /\blog\.(info|error)$/.test(call.expression.getText()))
      .flatMap((call): [string, string[]][] => {
        const [message, fields] = call.arguments;
        if (!message) return [];
        const names = (fields ? nodesOf(fields) : [])
          .filter(ts.isObjectLiteralExpression)
          .flatMap(({ properties }) => properties.flatMap((property) => property.name?.getText() ?? []));
        return [[messageOf(message), names]];
      });
  /** The kinds of observations have rows of their own, and alerts a page. */
  const VARIABLES = ['(kind)', '(message)'];
  const unlisted = (text: string): string[] =>
    linesOf(text).flatMap(([message, fields]) => [
      ...(VARIABLES.includes(message) ? [] : missing([message], part)),
      ...missing(fields, part),
    ]);

  it('every other line has a row, and every field of it is there', () => {
    const program = textBelow('src/proxy/cli');
    expect(linesOf(program).length).toBe([...program.matchAll(/\blog\.(?:info|error)\(/g)].length);
    expect(linesOf(program).map(([message]) => message)).toEqual(expect.arrayContaining(VARIABLES));
    expect(unlisted(program)).toEqual([]);
    expect(unlisted("log.info('visit', { address })")).toEqual(['visit', 'address']);
    expect(unlisted(`site.log.info(\`a visit of \${who}\`, { ...(who && { address }) })`)).toEqual([
      'a visit of …',
      'address',
    ]);
    expect(unlisted('log.info(words)')).toEqual(['(words)']);
    const [, causes = ''] = /causeFields = [^{]*\(\{([^}]*)\}/.exec(program) ?? [];
    expect(found(causes, /^ +(\w+):/gm)).toEqual(['cause', 'cause_code']);
    expect(missing(['cause', 'cause_code', 'time', 'level', 'message', 'left_out'], part)).toEqual([]);
  });
});

describe('in the metrics', () => {
  const part = under('In the metrics');
  const program = read('src/proxy/cli/metrics.ts');
  const known: readonly Pick<Metric, 'name' | 'labels'>[] = Object.values<Metric>(METRICS);
  const without = (metrics: typeof known): string[] =>
    metrics.flatMap(({ name, labels }) =>
      rowOf(part, name)
        ? missing(Object.keys(labels), rowOf(part, name)).map((label) => `${name}.${label}`)
        : [name],
    );

  it('every metric has a row, and every label of it is there', () => {
    expect(without(known)).toEqual([]);
    expect(without([{ ...METRICS.events, labels: { ...METRICS.events.labels, address: '' } }])).toEqual([
      'offersight_events_total.address',
    ]);
    expect(without([{ name: 'offersight_visitors', labels: {} }])).toEqual(['offersight_visitors']);
  });

  it('every metric that the program makes is in METRICS', () => {
    const made = program.match(/new client\.(Counter|Histogram|Gauge)\(/g) ?? [];
    const named = found(program, /configurationOf\(METRICS\.(\w+)\)/g);
    expect(named).toEqual(Object.keys(METRICS));
    expect(made).toHaveLength(named.length);
  });
});

it('the only cookie is the operators’', () => {
  const part = under('For operators only');
  const setting = filesBelow('src')
    .filter((file) => !/src\/(dev|doctor|upstream)\//.test(file))
    .filter((file) => /set-cookie/i.test(read(file)));
  expect(setting.every((file) => file.startsWith('src/proxy/operator/page/'))).toBe(true);
  const [, name] = /__Host-' : ''\}([\w-]+)`/.exec(read('src/proxy/operator/page/session.ts')) ?? [];
  expect(missing([`__Host-${String(name)}`, String(name)], part)).toEqual([]);
  const [, header] = /SITE_HEADER = '([\w-]+)'/.exec(read('src/proxy/cli/listening.ts')) ?? [];
  expect(missing([String(header)], part)).toEqual([]);
});
