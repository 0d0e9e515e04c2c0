/** What an operator reads about a failure: its message, and never whom or what it was about. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import Database from 'libsql';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { cleanCause, systemCodeOf } from '../../../src/proxy/alerts/cause.js';
import { isOffersightError, OffersightError, type OnAlert } from '../../../src/proxy/index.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { sqliteIntake } from '../../../src/proxy/intake/sqlite/sqlite.js';
import { toNodeListener } from '../../../src/proxy/node.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../support/postgres.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

const CANARIES = {
  offer: 'canary-offer',
  ip: '203.0.113.77',
  user: 'canary-user',
  password: 'canary-password',
};
const SECRETS = new RegExp([...Object.values(CANARIES), btoa(CANARIES.user)].join('|'));

/** Everything that a log, a pager or a debugger could show of a value. */
const shown = (value: unknown): string =>
  [inspect(value, { depth: Infinity, showHidden: true }), JSON.stringify(value)].join('\n');

const fails = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.skipIf(!hasPostgres)('an error of Postgres', () => {
  let postgres: PostgresServer;

  beforeAll(async () => {
    postgres = await startPostgres();
    return () => postgres.remove();
  }, 60_000);

  it('is alerted and thrown by its code, without the row that it quotes and the values that it was given (attack 59)', async () => {
    const intake = postgresIntake({ connection: postgres.url });
    await intake.status(START);
    await postgres.ask(
      `ALTER TABLE offersight.events ADD CONSTRAINT narrow CHECK (offer_id NOT LIKE '${CANARIES.offer}%')`,
    );
    const headers = {
      'chargebee-request-origin-ip': CANARIES.ip,
      'chargebee-request-origin-user': CANARIES.user,
    };
    const error = await fails(intake.take([admitted(1, { offerId: CANARIES.offer, headers })]));
    expect(error).toMatchObject({ name: 'PostgresError', code: 'SQLSTATE_23514' });
    expect(shown(error)).not.toMatch(SECRETS);
    const causes: unknown[] = [];
    const { proxy } = startProxy({
      intake,
      onAlert: (_, cause) => causes.push(cause),
      caller: () => ({ ip: CANARIES.ip, user: CANARIES.user }),
    });
    const body = wireBody([wireEvent(1, { personalized_offer_id: CANARIES.offer })]);
    expect((await proxy(pageRequest(body))).status).toBe(503);
    expect(causes).toContainEqual(expect.objectContaining({ code: 'SQLSTATE_23514' }));
    expect(shown(causes)).not.toMatch(SECRETS);
    await proxy.close();
  });

  it.each([
    ['cannot be reached', (url: string) => url.replace(/:\d+/, ':1')],
    ['does not know the user', (url: string) => url.replace('postgres@', `nobody@`)],
  ])('does not show the password if Postgres %s', async (_, change) => {
    const connection = change(postgres.url).replace('@', `:${CANARIES.password}@`);
    const intake = postgresIntake({ connection });
    const error = await fails(intake.status(START));
    expect(error).toBeInstanceOf(Error);
    expect(shown(error)).not.toMatch(SECRETS);
    await intake.close();
  });
});

/** What a host could throw that describes a person: in every place of an error, and in what is not an error. */
const PERSONAL = `${CANARIES.user}@shop.example said canary-offer\n    at ${CANARIES.user} (canary-offer:1:2)`;
const personalError = (): Error => {
  const deepest = Object.assign(new Error(PERSONAL), { detail: PERSONAL });
  const gathered = new AggregateError([new Error(PERSONAL), PERSONAL], PERSONAL, { cause: deepest });
  return Object.assign(new TypeError(PERSONAL, { cause: gathered }), {
    code: PERSONAL,
    name: PERSONAL,
    parameters: [PERSONAL],
    toJSON: () => PERSONAL,
  });
};
const THROWN: readonly (readonly [string, () => unknown])[] = [
  ['an error', personalError],
  ['an error of ours', () => new OffersightError('configuration', PERSONAL, personalError())],
  ['an error with a number', () => Object.assign(new Error(PERSONAL), { code: 4_915_112_345_678 })],
  ['a string', () => PERSONAL],
  ['an object', () => ({ message: PERSONAL, stack: PERSONAL, code: 'ECONNRESET', user: PERSONAL })],
  ['a number', () => 4_915_112_345_678],
];

describe('an error of a hook', () => {
  const HOOKS = [
    'subject',
    'authorize',
    'address',
    'caller',
    'subscriptionFor',
    'propertiesFor',
    'onObservation',
  ];

  /** The options in which this hook fails. */
  const failing = (name: string, fail: () => never): Parameters<typeof startProxy>[0] => {
    if (name === 'subscriptionFor') return { usage: { subscriptionFor: fail } };
    if (name === 'propertiesFor') return { usage: { subscriptionFor: () => 's', propertiesFor: fail } };
    return { [name]: fail };
  };

  const alertsOf = async (options: Parameters<typeof startProxy>[0]): Promise<unknown[][]> => {
    const alerts: unknown[][] = [];
    const { proxy, end } = startProxy({ ...options, onAlert: (...alert) => void alerts.push(alert) });
    await proxy(pageRequest(wireBody([wireEvent(1)])));
    await end();
    return alerts;
  };

  const CASES = HOOKS.flatMap((hook) => THROWN.map(([what, make]) => [hook, what, make] as const));

  it.each(CASES)('is alerted without a word of it: %s throws %s', async (hook, _, make) => {
    const alerts = await alertsOf(
      failing(hook, () => {
        throw make();
      }),
    );
    expect(alerts).not.toEqual([]);
    expect(shown(alerts)).not.toMatch(SECRETS);
    expect(shown(alerts)).not.toMatch('4915112345678');
  });

  it('says where it was thrown, and the system’s code of what it met', async () => {
    const alerts = await alertsOf({
      authorize: function askTheShop() {
        throw Object.assign(new TypeError('the offers cannot be read'), { code: 'ECONNRESET' });
      },
    });
    expect(alerts).toEqual([
      [
        expect.stringMatching(/^A hook failed/),
        expect.objectContaining({
          name: 'TypeError',
          message: 'A hook threw this. Its message is left out, since it may describe a person.',
          code: 'ECONNRESET',
          stack: expect.stringMatching(/\n +at (?:Object\.)?askTheShop .*cause\.test\.ts:\d+:\d+/) as string,
        }),
        'hookFailed',
      ],
    ]);
  });
});

describe('an error of SQLite', () => {
  /** Posts an event to a proxy whose file refuses it. SQLite names such a constraint by its text. */
  const post = async (onAlert: OnAlert | undefined): Promise<void> => {
    const folder = temporaryFolder();
    const file = `${folder.path}/intake.db`;
    const intake = sqliteIntake({ file });
    const database = new Database(file);
    database.exec(`CREATE TRIGGER narrow BEFORE INSERT ON events WHEN NEW.offer_id LIKE '${CANARIES.offer}%'
      BEGIN SELECT RAISE(ABORT, 'value "${CANARIES.user}" is narrow'); END`);
    database.close();
    const { proxy } = startProxy({
      intake,
      onAlert,
      caller: () => ({ ip: CANARIES.ip, user: CANARIES.user }),
    } as Parameters<typeof startProxy>[0]);
    const body = wireBody([wireEvent(1, { personalized_offer_id: CANARIES.offer })]);
    expect((await proxy(pageRequest(body))).status).toBe(503);
    await proxy.close();
    folder.remove();
  };

  it('is alerted by its code, without the SQL and the values that it quotes (attack 59)', async () => {
    const causes: unknown[] = [];
    await post((_, cause) => void causes.push(cause));
    expect(causes).toContainEqual(
      expect.objectContaining({ code: expect.stringMatching(/^SQLITE_/) as string }),
    );
    expect(shown(causes)).not.toMatch(SECRETS);
  });

  it('is written to standard error in the same way if there is no hook', async () => {
    const written: unknown[] = [];
    vi.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void written.push(...words));
    await post(undefined);
    expect(shown(written)).toContain('SQLITE_');
    expect(shown(written)).not.toMatch(SECRETS);
  });

  it.each([
    ['SQLITE_FULL', 'database or disk is full'],
    ['SQLITE_BUSY', 'database is locked'],
  ])('keeps its code and words: %s', (code, words) => {
    expect(cleanCause(Object.assign(new Error(words), { name: 'SqliteError', code }))).toMatchObject({
      ...{ name: 'SqliteError', message: words, code },
    });
  });
});

describe('a copy of what was thrown', () => {
  const secret = { command: { name: 'set', args: [CANARIES.offer] } };

  it('has the name, message, code and stack, and those of the causes and of gathered errors', () => {
    const thrown = Object.assign(
      new AggregateError([Object.assign(new RangeError('one'), secret), 'two'], 'all failed', {
        cause: Object.assign(new TypeError('deeper', { cause: { ...secret, message: 'deepest' } }), secret),
      }),
      { ...secret, code: 7 },
    );
    const copy = cleanCause(thrown);
    expect(copy).toBeInstanceOf(AggregateError);
    expect(copy).toMatchObject({
      name: 'AggregateError',
      message: 'all failed',
      code: 7,
      errors: [{ name: 'RangeError', message: 'one' }, 'two'],
      cause: { name: 'TypeError', message: 'deeper', cause: { name: 'Error', message: 'deepest' } },
    });
    expect((copy as Error).stack).toMatch(/^AggregateError: all failed\n +at .*cause\.test\.ts:\d+:\d+/);
    expect(shown(copy)).not.toMatch(SECRETS);
  });

  it('is an OffersightError if the error is one, since hosts check its code', () => {
    const thrown = new OffersightError('configuration', 'Set it.', Object.assign(new Error('why'), secret));
    const copy = cleanCause(thrown);
    expect(isOffersightError(copy) && [copy.code, copy.hint, (copy.cause as Error).message]).toEqual([
      'configuration',
      'Set it.',
      'why',
    ]);
    expect(shown(copy)).not.toMatch(SECRETS);
  });

  it.each([7, 0, -4_058, 99_999, -99_999])('has a code that is a short number: %i', (code) => {
    expect(cleanCause(Object.assign(new Error('broke'), { code }))).toHaveProperty('code', code);
  });

  it.each([100_000, -100_000, 4_915_112_345_678])(
    'leaves out a code that could be a person’s number: %i',
    (code) => {
      const copy = cleanCause(Object.assign(new Error('broke'), { code }));
      expect(copy).toMatchObject({ message: 'broke' });
      expect(copy).not.toHaveProperty('code');
    },
  );

  it.each([
    ['duplicate key: "canary-user" is "there"', 'duplicate key: …'],
    ["the intake's value 'canary-user' is wrong", "the intake's value …"],
    ["no such offer: 'WINTER'", 'no such offer: …'],
    ['no route to postgres://somebody:canary-password@db:5432', 'no route to postgres://…@db:5432'],
    ['near "canary-user', 'near …'],
    ['no route to postgres://somebody:canary/password@db:5432', 'no route to postgres://…@db:5432'],
    ['syntaxfehler bei »canary-user«', 'syntaxfehler bei …'],
    ['erreur de syntaxe sur « canary-user »', 'erreur de syntaxe sur …'],
    ['syntaxfehler bei „canary-user“', 'syntaxfehler bei …'],
    ['near “canary-user”', 'near …'],
    ['near ‘canary-user’', 'near …'],
    ['that wasn’t all', 'that wasn’t all'],
  ])('has the message only as far as no value is quoted: %s', (message, words) => {
    expect(cleanCause(new Error(message))).toMatchObject({ message: words });
    expect(shown(cleanCause(new Error(message)))).not.toMatch(SECRETS);
  });

  it('has no line of a message that looks like a line of the stack', () => {
    const thrown = new Error(`said "no\n    at ${CANARIES.user} (canary-offer:1:2)"`);
    expect(thrown.stack).toContain('canary-offer:1:2');
    expect((cleanCause(thrown) as Error).stack).toMatch(/^Error: said …\n +at .*cause\.test\.ts/);
    expect(shown(cleanCause(thrown))).not.toMatch(SECRETS);
  });

  const framesIn = (thrown: unknown): readonly string[] =>
    (cleanCause(thrown) as Error).stack?.match(/^ +at .*/gm) ?? [];

  it.each([
    ['is empty', ''],
    ['occurs in every frame', 'cause.test.ts'],
    ['is the name of the error', 'Error'],
    ['repeats itself', 'a: a'],
    ['has several lines', 'one\ntwo'],
  ])('has every frame of an error whose message %s, the throwing line first', (_, message) => {
    const thrown = new Error(message);
    const frames = thrown.stack?.match(/^ +at .*/gm) ?? [];
    expect(frames[0]).toMatch(/cause\.test\.ts:\d+:\d+/);
    expect(framesIn(thrown)).toEqual(frames);
  });

  it.each(['', 'another message', 'said', 'canary-offer'])(
    'has no line of an earlier message that the stack still has: now it is %j',
    (message) => {
      const thrown = new Error(`said "no\n    at ${CANARIES.user} (canary-offer:1:2)`);
      // From now on it has this message.
      expect(thrown.stack).toContain('canary-offer:1:2');
      thrown.message = message;
      expect(framesIn(thrown)).toEqual([]);
    },
  );

  it('ends if an error is its own cause', () => {
    const thrown = new Error('round');
    thrown.cause = thrown;
    expect(cleanCause(thrown)).toMatchObject({ message: 'round', cause: { message: 'round' } });
  });

  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [null, null],
    ['words', 'words'],
    [404, 404],
    [secret, expect.objectContaining({ message: 'Something was thrown that is not an error.' })],
    [[CANARIES.offer], expect.objectContaining({ message: 'Something was thrown that is not an error.' })],
    [{ message: 5, code: secret, name: secret }, expect.objectContaining({ name: 'Error' })],
  ])('has only a message if %j was thrown', (thrown, copy) => {
    expect(cleanCause(thrown)).toEqual(copy);
    expect(shown(cleanCause(thrown))).not.toMatch(SECRETS);
  });
});

describe('a request that Node lets through and fetch does not', () => {
  it('is warned of without its headers', async () => {
    const warned: unknown[] = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((words) => void warned.push(words));
    const { proxy, end } = startProxy();
    const ended = new Promise<void>((resolve) => {
      const outgoing = {
        on: () => undefined,
        setHeader: () => undefined,
        writeHead: () => undefined,
        end: () => resolve(),
      };
      toNodeListener(proxy)(
        {
          method: 'POST',
          url: '/',
          rawHeaders: ['cookie', `a\n${CANARIES.user}`],
          complete: true,
          on: () => undefined,
        } as unknown as IncomingMessage,
        outgoing as unknown as ServerResponse,
      );
    });
    await ended;
    vi.restoreAllMocks();
    expect(warned).toEqual(['offersight: a request could not be read (TypeError).']);
    await end();
  });
});

describe('the system’s code of a failure', () => {
  const coded = (code: unknown, cause?: unknown): Error =>
    Object.assign(new Error('broke', { cause }), code === undefined ? {} : { code });

  it.each<[string, unknown, string | undefined]>([
    ['its own', coded('SQLITE_FULL'), 'SQLITE_FULL'],
    ['that of its cause', coded(undefined, coded('ECONNREFUSED')), 'ECONNREFUSED'],
    ['that of the first of several', new AggregateError([coded('EHOSTUNREACH')]), 'EHOSTUNREACH'],
    ['missing if the failure has none', coded(undefined), undefined],
    ['missing if the failure has a string of somebody else', coded('canary-user@shop.example'), undefined],
    ['missing if the failure is not an error', { code: 'ENOENT' }, undefined],
  ])('is %s', (_, failure, code) => {
    expect(systemCodeOf(failure)).toBe(code);
  });

  it('is looked for only so far in a circle of causes', () => {
    const circle = coded(undefined);
    circle.cause = circle;
    expect(systemCodeOf(circle)).toBeUndefined();
  });
});
