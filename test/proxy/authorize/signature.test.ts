import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_RETENTION_MS } from '../../../src/protocol/retention.js';
import { isSameSecret } from '../../../src/proxy/authorize/mac.js';
import { createVerifier } from '../../../src/proxy/authorize/signature.js';
import { signOffer } from '../../../src/proxy/index.js';
import { START } from '../../support/wire.js';

const SECRET = 'canary-secret-0123456789-abcdefghijk';
const OLDER = 'older-secret-0123456789-abcdefghijkl';
const HOUR_MS = 3_600_000;
const EXPIRES_AT = START + HOUR_MS;

const verify = createVerifier([SECRET]);

/** Whether a token is taken. By default, for what it was signed for, an hour before it ends. */
const isTaken = async (
  token: string | undefined,
  fields: Partial<Parameters<typeof verify>[0]> = {},
  now = START,
  verifier = verify,
): Promise<boolean> => {
  const claim = {
    token,
    offerId: 'a52ge40b',
    occurredAt: START,
    subject: 'ada',
    group: undefined,
    ...fields,
  };
  return (await verifier(claim, now)).offer === 'valid';
};

const sign = (fields: Partial<Parameters<typeof signOffer>[0]> = {}, secret = SECRET): Promise<string> =>
  signOffer({ id: 'a52ge40b', subject: 'ada', expiresAt: EXPIRES_AT, ...fields }, secret);

let token: string;

beforeAll(async () => {
  token = await sign();
});

describe('a signed offer', () => {
  it('is taken from its subject for its offer', async () => {
    expect(await isTaken(token)).toBe(true);
  });

  it('is taken from everybody if it names nobody', async () => {
    const open = await sign({ subject: undefined });
    expect(
      await Promise.all(['ada', 'grace', undefined].map((subject) => isTaken(open, { subject }))),
    ).toEqual([true, true, true]);
  });

  it.each(['a', 'x'.repeat(50), 'A-b_c.d:e~f'])('may have the id %s', async (id) => {
    expect(await isTaken(await sign({ id }), { offerId: id })).toBe(true);
  });

  it.each([1e12, EXPIRES_AT + 0.7, 8.64e13])(
    'fits on the wire with a group and the end %i',
    async (expiresAt) => {
      expect(await sign({ expiresAt, group: 'g'.repeat(50) })).toMatch(/^[\w.-]{45,64}$/);
    },
  );

  it('says whether it was signed for the group of the event', async () => {
    const ofGroup = await sign({ group: 'autumn/home' });
    const worthOf = async (one: string, group?: string) => {
      const claim = { token: one, offerId: 'a52ge40b', occurredAt: START, subject: 'ada', group };
      const { offer, group: found } = await verify(claim, START);
      return [offer, found];
    };
    expect(await worthOf(ofGroup, 'autumn/home')).toEqual(['valid', 'signed']);
    expect(await worthOf(ofGroup, 'autumn')).toEqual(['valid', 'other']);
    // An earlier script names no group.
    expect(await worthOf(ofGroup)).toEqual(['valid', 'free']);
    expect(await worthOf(token, 'autumn')).toEqual(['valid', 'free']);
    expect(await worthOf(`${token}.AAAAAAA`, 'autumn')).toEqual(['valid', 'free']);
  });

  it('is signed for the group of its own offer, not of another token', async () => {
    const [own, another] = await Promise.all([
      sign({ group: 'autumn' }),
      sign({ group: 'winter', id: 'another' }),
    ]);
    const pasted = `${own.slice(0, -7)}${another.slice(-7)}`;
    const claim = { offerId: 'a52ge40b', occurredAt: START, subject: 'ada', group: 'winter' };
    expect((await verify({ ...claim, token: pasted }, START)).group).toBe('other');
  });

  it('has one spelling: the last character of its signature has no spare bits to write in', async () => {
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = last.split('').map((character) => `${token.slice(0, -1)}${character}`);
    const taken = await Promise.all(spellings.map((one) => isTaken(one)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('has one budget, also if its sender writes another MAC of the group', async () => {
    const ofGroup = await sign({ group: 'autumn', subject: undefined });
    const tokens = [ofGroup, ofGroup.slice(0, -8), `${ofGroup.slice(0, -7)}AAAAAAA`];
    const claim = { offerId: 'a52ge40b', occurredAt: START, subject: undefined, group: 'autumn' };
    const found = await Promise.all(tokens.map((one) => verify({ ...claim, token: one }, START)));
    expect(found.map(({ offer }) => offer)).toEqual(['valid', 'valid', 'valid']);
    expect(new Set(found.map(({ key }) => key)).size).toBe(1);
  });

  it('is the same each time, so that a page can be cached', async () => {
    expect(await sign()).toBe(token);
  });
});

describe('a token is rejected', () => {
  it.each<[string, Partial<Parameters<typeof verify>[0]>]>([
    ['for another offer', { offerId: 'a52ge40c' }],
    ['for an offer whose id is longer', { offerId: 'a52ge40b0' }],
    ['from another subject', { subject: 'grace' }],
    ['from nobody', { subject: undefined }],
    ['from a subject in other letters', { subject: 'Ada' }],
    ['from a subject whose name is text of the message', { subject: 'ada","' }],
    ['for what happened after it ended', { occurredAt: EXPIRES_AT + 1 }],
  ])('%s', async (_, fields) => {
    expect(await isTaken(token, fields)).toBe(false);
  });

  it('if it has the mark of a subject but no subject, or a subject without the mark', async () => {
    const open = await sign({ subject: undefined });
    const marked = open.replace('.', '.s.');
    expect([await isTaken(marked), await isTaken(marked, { subject: undefined })]).toEqual([false, false]);
    expect(await isTaken(token.replace('.s.', '.'), { subject: undefined })).toBe(false);
  });

  it('if any one bit of its signature is turned (attack 63)', async () => {
    const at = token.lastIndexOf('.') + 1;
    const [before, mac] = [token.slice(0, at), token.slice(at)];
    const bytes = Buffer.from(mac, 'base64url');
    const forged = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return `${before}${turned.toString('base64url')}`;
    });
    const taken = await Promise.all(forged.map((one) => isTaken(one)));
    expect(taken.filter(Boolean)).toEqual([]);
    expect(new Set(forged).size).toBe(256);
  });

  it('if its end was moved, however it is written', async () => {
    const [expiry = ''] = token.split('.');
    const moved = [
      (EXPIRES_AT + 1).toString(36),
      (EXPIRES_AT + HOUR_MS).toString(36),
      'zzzzzzzzz',
      `0${expiry}`,
      expiry.toUpperCase(),
      `${expiry}0`.slice(0, 9),
      '',
    ];
    const taken = await Promise.all(moved.map((one) => isTaken(token.replace(expiry, one))));
    expect(taken.filter(Boolean)).toEqual([]);
  });

  it.each<[string, (token: string) => string | undefined]>([
    ['none', () => undefined],
    ['an empty one', () => ''],
    ['only its expiry', (one) => one.split('.')[0]],
    ['only its signature', (one) => one.split('.').at(-1)],
    ['with nothing signed', (one) => one.replace(/[^.]*$/, '')],
    ['without the mark of a subject', (one) => one.replace('.s.', '.')],
    ['with that mark twice', (one) => one.replace('.s.', '.s.s.')],
    ['a line feed behind it', (one) => `${one}\n`],
    ['a space before it', (one) => ` ${one}`],
    ['padded', (one) => `${one}=`],
    ['cut', (one) => one.slice(0, -1)],
    ['longer', (one) => `${one}A`],
    ['twice', (one) => `${one}.${one}`],
    ['a signature of zeros', (one) => one.replace(/[^.]*$/, 'A'.repeat(43))],
    ['characters of base64 that URLs lack', (one) => one.replace(/[^.]*$/, `${'+/'.repeat(21)}A`)],
    ['a million characters', (one) => one.repeat(20_000)],
    ['many dots', () => '.'.repeat(100_000)],
    ['letters beyond ASCII', (one) => one.replace(/^./, 'ı')],
  ])('if it is odd: %s', async (_, odd) => {
    expect(await isTaken(odd(token))).toBe(false);
  });

  it('if another secret signed it, or one that only begins alike', async () => {
    for (const secret of [OLDER, `${SECRET}!`, SECRET.slice(0, -1)])
      expect(await isTaken(await sign({}, secret))).toBe(false);
  });

  it('if the same secret signed something else in the same way', async () => {
    const expiry = EXPIRES_AT.toString(36);
    const key = await crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(SECRET),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    for (const message of [
      'a52ge40b',
      `a52ge40b.ada.${expiry}`,
      JSON.stringify(['a52ge40b', 'ada', expiry]),
    ]) {
      const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(message));
      for (const mark of ['', 's.'])
        expect(await isTaken(`${expiry}.${mark}${Buffer.from(mac).toString('base64url')}`)).toBe(false);
    }
  });
});

describe('a token that has ended', () => {
  it('is still taken for what happened before, for as long as a client keeps events', async () => {
    const latest = EXPIRES_AT + MAX_RETENTION_MS;
    expect(await isTaken(token, { occurredAt: EXPIRES_AT }, latest)).toBe(true);
    expect(await isTaken(token, { occurredAt: START }, latest + 1)).toBe(false);
  });

  it('does not outlive that by a clock that the sender chose (attack 42)', async () => {
    for (const occurredAt of [0, -1, START, EXPIRES_AT])
      expect(await isTaken(token, { occurredAt }, EXPIRES_AT + MAX_RETENTION_MS + 1)).toBe(false);
  });
});

describe('signing rejects, in words that show no secret,', () => {
  const refusal = (fields: object, [secret]: readonly unknown[] = [SECRET]): Promise<string> =>
    signOffer({ id: 'a52ge40b', expiresAt: EXPIRES_AT, ...fields }, secret as string).then(
      (signed) => `signed ${signed}`,
      (error: unknown) => {
        expect(error).toMatchObject({ name: 'OffersightError', code: 'configuration' });
        return String((error as { hint: unknown }).hint);
      },
    );

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['empty', ''],
    ['31 characters long', SECRET.slice(0, 31)],
    ['not a string', new Uint8Array(32)],
  ])('a secret that is %s', async (_, secret) => {
    const hint = await refusal({}, [secret]);
    expect(hint).toMatch(/secret/);
    expect(hint).not.toContain('canary');
  });

  it.each([
    ...[undefined, '', 'x'.repeat(51), 'a b', 'é', 7, null].map((id) => [{ id }, /\bid\b/] as const),
    ...['', 'ada@shop.example', 'x'.repeat(129), null, 7].map((subject) => [{ subject }, /subject/] as const),
    ...['', '{{ campaign }}', 'x'.repeat(51), null, 7].map((group) => [{ group }, /group/] as const),
    ...[undefined, null, Number.NaN, Infinity, -1, 0, 1e15, '2026-01-01', EXPIRES_AT / 1_000].map(
      (expiresAt) => [{ expiresAt }, /milliseconds.*seconds/] as const,
    ),
  ])('%o', async (fields, words) => {
    expect(await refusal(fields)).toMatch(words);
  });
});

describe('comparing secrets', () => {
  it.each<[string, boolean]>([
    [SECRET, true],
    [`${SECRET} `, false],
    [SECRET.slice(0, -1), false],
    ['', false],
    [SECRET.toUpperCase(), false],
    ['x'.repeat(1_000_000), false],
    ['\ud800', false],
  ])('says whether a given one is the same', async (given, isSame) => {
    expect(await isSameSecret(given, SECRET)).toBe(isSame);
  });
});
