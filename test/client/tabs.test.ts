// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hearTabs, tellTabs } from '../../src/tabs.js';

let name: string;
let names = 0;
const stops: (() => void)[] = [];

beforeEach(() => {
  name = `tabs-${++names}`;
});

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
});

/** Hears until the test ends; `told` resolves once `last` was heard, which is sent after everything else. */
const listen = () => {
  const heard: (readonly string[])[] = [];
  let isThrough: () => void;
  const told = new Promise<void>((resolve) => {
    isThrough = resolve;
  });
  const stop = hearTabs(name, (ids) => {
    if (ids[0] === 'last') isThrough();
    else heard.push(ids);
  });
  stops.push(stop);
  return { heard, told, stop };
};

describe('tabs that share a database', () => {
  test('hear what one of them sends, each time, in order', async () => {
    const [one, other] = [listen(), listen()];
    tellTabs(name, ['a', 'b']);
    tellTabs(name, ['c']);
    tellTabs(name, ['last']);
    await Promise.all([one.told, other.told]);
    expect([one.heard, other.heard]).toEqual([
      [['a', 'b'], ['c']],
      [['a', 'b'], ['c']],
    ]);
  });

  test('hear nothing of another database, and nothing after they stopped', async () => {
    const [stopped, other] = [listen(), listen()];
    stopped.stop();
    tellTabs(`${name}-other`, ['b']);
    tellTabs(name, ['a']);
    tellTabs(name, ['last']);
    await other.told;
    expect([stopped.heard, other.heard]).toEqual([[], [['a']]]);
  });

  test('ignore everything but lists, as another script or a later version may send it', async () => {
    const { heard, told } = listen();
    const channel = new BroadcastChannel(name);
    for (const message of [undefined, null, 'a', { ids: ['a'] }, 7]) channel.postMessage(message);
    channel.postMessage(['last']);
    await told;
    channel.close();
    expect(heard).toEqual([]);
  });

  test('keep no channel open to send, since an open one can keep a page out of the back/forward cache', () => {
    const close = vi.spyOn(BroadcastChannel.prototype, 'close');
    tellTabs(name, ['a']);
    expect(close).toHaveBeenCalledOnce();
  });
});

describe('a browser or a document without such channels', () => {
  test.each([
    ['there are none', undefined],
    [
      'they are forbidden',
      function forbid() {
        throw new DOMException('Forbidden here.', 'SecurityError');
      },
    ],
  ])('harms nobody: %s', (_, channel) => {
    vi.stubGlobal('BroadcastChannel', channel);
    const heard = vi.fn();
    const stop = hearTabs(name, heard);
    tellTabs(name, ['a']);
    stop();
    stop();
    expect(heard).not.toHaveBeenCalled();
  });
});
