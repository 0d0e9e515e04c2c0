import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type App, createApp, h, nextTick, ref, shallowRef, withDirectives } from 'vue';
import { useOffer, vOffer } from '../../src/adapters/vue.js';
import type { Offered } from '../../src/index.js';
import { createFakeTracker, type FakeTracker } from '../../src/testing.js';
import { find } from '../support/page.js';

let fake: FakeTracker;
let app: App;

beforeEach(() => {
  document.body.innerHTML = '<main></main>';
  fake = createFakeTracker();
});

afterEach(() => {
  app.unmount();
  fake.stop();
});

const told = (): string[] => fake.events.map(({ type, offerId }) => `${type} ${offerId}`);

describe('v-offer', () => {
  test('marks its element, again when the offer is another one, and not at all before it has arrived', async () => {
    const offer = ref<Offered>();
    app = createApp({ render: () => withDirectives(h('p', { class: 'card' }), [[vOffer, offer.value]]) });
    app.mount('main');
    expect(find('main').innerHTML).toBe('<p class="card"></p>');
    offer.value = { id: 'a', dwellMs: 300 };
    await nextTick();
    expect(find('main').innerHTML).toBe('<p class="card" data-offer-id="a" data-offer-dwell="300"></p>');
    offer.value = 'b';
    await nextTick();
    expect(find('main').innerHTML).toBe('<p class="card" data-offer-id="b"></p>');
  });

  test('leaves what the template says itself', async () => {
    const offer = ref<Offered>({ id: 'a', dwellMs: 300 });
    app = createApp({
      render: () => withDirectives(h('p', { 'data-offer-token': 't' }), [[vOffer, offer.value]]),
    });
    app.mount('main');
    offer.value = 'b';
    await nextTick();
    expect(find('main').innerHTML).toBe('<p data-offer-id="b" data-offer-token="t"></p>');
  });

  test('marks what a server renders', () => {
    app = createApp({ render: () => null });
    app.mount('main');
    const binding = { value: { id: 'a', token: 't' } } as never;
    expect(vOffer.getSSRProps?.(binding, h('p'))).toEqual({ 'data-offer-id': 'a', 'data-offer-token': 't' });
  });
});

describe('useOffer', () => {
  test('watches the element that a ref names while it is there, and what the offer is now', async () => {
    const element = shallowRef<Element | null>(null);
    const isShown = ref(true);
    const offer = ref<Offered>('a');
    app = createApp({
      setup() {
        useOffer(fake, element, offer);
        return () => (isShown.value ? h('p', { ref: element }) : null);
      },
    });
    app.mount('main');
    await nextTick();
    fake.see('a');
    offer.value = { id: 'b', dwellMs: 0 };
    await nextTick();
    fake.see(find('p'));
    isShown.value = false;
    await nextTick();
    expect(() => fake.see('b')).toThrow();
    expect(told()).toEqual(['viewed a', 'viewed b']);
  });

  test('watches a component by its root element, and nothing while the offer has not arrived', async () => {
    const Child = { render: () => h('section') };
    const child = shallowRef<{ readonly $el: unknown } | null>(null);
    const offer = ref<Offered>(null);
    app = createApp({
      setup() {
        useOffer(fake, child, offer);
        return () => h(Child, { ref: child });
      },
    });
    app.mount('main');
    await nextTick();
    expect(() => fake.see(find('section'))).toThrow();
    offer.value = 'a';
    await nextTick();
    fake.see(find('section'));
    expect(told()).toEqual(['viewed a']);
    app.unmount();
    expect(() => fake.see('a')).toThrow();
    app = createApp({ render: () => null });
    app.mount('main');
  });

  test('is not started again by an equal value, and gives what the component can call', async () => {
    const element = shallowRef<Element | null>(null);
    const tick = ref(0);
    let watches = 0;
    const tracker: FakeTracker = {
      ...fake,
      observe: (...given) => {
        watches++;
        return fake.observe(...given);
      },
    };
    app = createApp({
      setup() {
        const { dismiss, accept } = useOffer(tracker, element, () => ({ id: 'a', dwellMs: tick.value * 0 }));
        return () =>
          h('p', { ref: element }, [h('button', { onClick: dismiss }), h('i', { onClick: accept })]);
      },
    });
    app.mount('main');
    tick.value++;
    await nextTick();
    expect(watches).toBe(1);
    find('button').click();
    expect(fake.events.map((event) => ('reason' in event ? event.reason : event.type))).toEqual([
      'viewed',
      'api',
    ]);
    find('i').click();
    expect((await fake.stats()).offers.a?.accepted).toBe(1);
  });
});
