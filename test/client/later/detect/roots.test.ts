import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRegistry, type Registry, type SearchRoot } from '../../../../src/client/detect/registry.js';
import { createRoots, holds, type Roots } from '../../../../src/client/later/detect/roots.js';
import { createPage, type Page } from '../../../../src/client/page.js';
import { find, render } from '../../../support/page.js';
import { settle } from '../../../support/runtime.js';

let page: Page;
let roots: Roots;
let registry: Registry;
let changes: number;
let names = 0;

/** @param given Trees that were given by hand before. */
const start = (given: readonly SearchRoot[] = []): void => {
  page = createPage();
  changes = 0;
  registry = createRegistry({ onMount: () => undefined, onUnmount: () => undefined });
  for (const root of given) registry.search(root);
  registry.start();
  roots = createRoots(registry, page);
  registry.extend({
    onChange: () => undefined,
    onTrees() {
      changes++;
      roots.refresh();
    },
  });
};

beforeEach(() => {
  document.body.innerHTML = '';
});

afterEach(() => {
  page.stop();
  roots.stop();
  registry.stop();
});

/** A host with a shadow tree, not inserted yet. */
const hostOf = (markup: string, mode: ShadowRootMode = 'open', name = 'div') => {
  const host = document.createElement(name);
  const root = host.attachShadow({ mode });
  root.innerHTML = markup;
  return { host, root };
};

/** The same, on the page. */
const insert = (...given: Parameters<typeof hostOf>): ReturnType<typeof hostOf> => {
  const made = hostOf(...given);
  document.body.append(made.host);
  return made;
};

/** A tree on the page with another one inside. */
const nest = (mode?: ShadowRootMode) => {
  const [outer, inner] = [hostOf('<main></main>', mode), hostOf('<p></p>')];
  find('main', outer.root).append(inner.host);
  document.body.append(outer.host);
  return { outer, inner };
};

/** What is heard of these types, by the innermost element's name. */
const hear = (...types: string[]): string[] => {
  const heard: string[] = [];
  roots.capture(types, (event) => {
    const [target] = event.composedPath();
    heard.push(`${event.type} ${(target as Element).localName}`);
  });
  return heard;
};

const fire = (target: EventTarget, type: string, init: EventInit = { bubbles: true }): void =>
  void target.dispatchEvent(new Event(type, init));

/** The roots beside the document that are searched. */
const others = (): SearchRoot[] => [...registry.roots].filter((root) => root !== document);

describe('open shadow roots are found', () => {
  test('where they stand already', () => {
    const { root } = insert('<p></p>');
    start();
    expect([others(), roots.all()]).toEqual([[root], [document, root]]);
  });

  test('when their host, or something around it, is inserted, once each', async () => {
    start();
    const { host, root } = insert('<p></p>');
    await settle();
    expect(others()).toEqual([root]);
    const section = document.createElement('section');
    section.append(document.createElement('i'), host);
    document.body.append(section);
    const within = hostOf('<p></p>');
    section.append(within.host);
    await settle();
    expect([others(), roots.all()]).toEqual([
      [root, within.root],
      [document, root, within.root],
    ]);
  });

  test('inside each other, and when one is inserted into one that is known', async () => {
    const { outer, inner } = nest();
    const later = hostOf('<p></p>');
    start();
    expect(others()).toEqual([outer.root, inner.root]);
    inner.root.append(later.host);
    await settle();
    expect(others()).toEqual([outer.root, inner.root, later.root]);
  });

  test('once their custom element is defined, wherever it stands', async () => {
    const name = `x-late-${names++}`;
    const outer = hostOf(`<${name}></${name}>`);
    document.body.append(document.createElement(name), outer.host);
    start();
    expect(others()).toEqual([outer.root]);
    customElements.define(
      name,
      class extends HTMLElement {
        connectedCallback(): void {
          if (!this.shadowRoot) this.attachShadow({ mode: 'open' });
        }
      },
    );
    for (const element of [find(name), find(name, outer.root)]) {
      // Where an implementation leaves elements that stand already as they are.
      if (!element.shadowRoot) element.attachShadow({ mode: 'open' });
    }
    await settle();
    expect(new Set(others())).toEqual(
      new Set([outer.root, find(name).shadowRoot, find(name, outer.root).shadowRoot]),
    );
  });

  test('though there are names that nobody can ever define', async () => {
    document.body.append(document.createElementNS('http://www.w3.org/2000/svg', 'font-face'));
    start();
    const { root } = insert('<p></p>');
    await settle();
    expect(others()).toEqual([root]);
  });

  test('when a parser gave them after it had inserted their host', () => {
    start();
    const host = render('<div></div>');
    const root = host.attachShadow({ mode: 'open' });
    registry.discover(document);
    expect(others()).toEqual([root]);
  });

  test('but not closed ones, which nobody can find', async () => {
    document.body.append(hostOf('<p></p>', 'closed').host);
    start();
    await settle();
    expect(others()).toEqual([]);
  });
});

describe('trees go', () => {
  test('with their host, and what is inside with them', async () => {
    const { outer } = nest();
    start();
    outer.host.remove();
    await settle();
    expect([others(), roots.all()]).toEqual([[], [document]]);
  });

  test('and come back with it', async () => {
    const { host, root } = insert('<p></p>');
    start();
    const heard = hear('toggle');
    host.remove();
    await settle();
    fire(find('p', root), 'toggle');
    document.body.append(host);
    await settle();
    expect([heard, others()]).toEqual([[], [root]]);
    fire(find('p', root), 'toggle');
    expect(heard).toEqual(['toggle p']);
  });

  test('nobody looks into a tree that is built where nobody sees it', async () => {
    const { host, root } = insert('<p></p>');
    start();
    host.remove();
    await settle();
    root.append(hostOf('<p></p>').host);
    await settle();
    expect(others()).toEqual([]);
  });
});

describe('what happens is heard', () => {
  test('in the document and in open trees, each event once', () => {
    const { inner } = nest();
    start();
    const heard = hear('toggle', 'click', 'submit');
    fire(document.body, 'toggle');
    fire(find('p', inner.root), 'toggle');
    fire(find('p', inner.root), 'submit', { bubbles: true, composed: true });
    fire(find('p', inner.root), 'click', { bubbles: true, composed: true });
    expect(heard).toEqual(['toggle body', 'toggle p', 'submit p', 'click p']);
  });

  test('by each who listens, whenever the tree came, also what does not bubble and ends at the tree’s edge', async () => {
    start();
    const first = hear('close');
    const { root } = insert('<dialog></dialog>');
    await settle();
    const second = hear('close');
    fire(find('dialog', root), 'close', {});
    expect([first, second]).toEqual([['close dialog'], ['close dialog']]);
  });

  test('ahead of the tree’s own listeners', () => {
    const { root } = insert('<dialog></dialog>');
    start();
    const heard = hear('close');
    find('dialog', root).addEventListener('close', (event) => {
      heard.push('own');
      event.stopImmediatePropagation();
    });
    fire(find('dialog', root), 'close', {});
    expect(heard).toEqual(['close dialog', 'own']);
  });

  test('events that reach the window anyway need no listener in each open tree', () => {
    const { root } = insert('<p></p>');
    start();
    const listened = vi.spyOn(root, 'addEventListener');
    hear('click', 'pointerdown', 'keydown', 'submit');
    expect(listened.mock.calls.map(([type]) => type)).toEqual(['submit']);
  });
});

describe('a tree that nobody can find', () => {
  test('is searched and heard in once it is given, until it is taken back', async () => {
    const { host, root } = insert('<p></p>', 'closed');
    start();
    const heard = hear('click');
    const stop = registry.search(root);
    expect([others(), roots.all()]).toEqual([[root], [document, root]]);
    // It is heard inside alone, where it is known what was pressed.
    fire(find('p', root), 'click', { bubbles: true, composed: true });
    host.remove();
    await settle();
    fire(find('p', root), 'click');
    expect([heard, others()]).toEqual([['click p', 'click p'], [root]]);
    stop();
    fire(find('p', root), 'click');
    expect([heard.length, others()]).toEqual([2, []]);
  });

  test('stays until everybody has taken it back, each of them once', () => {
    const { root } = insert('<p></p>', 'closed');
    start();
    const stop = registry.search(root);
    const stopOther = registry.search(root);
    stop();
    stop();
    expect(others()).toEqual([root]);
    stopOther();
    expect(others()).toEqual([]);
  });

  test('is left to itself if a press shows only its host, as it does to the window', () => {
    const { host, root } = insert('<p></p>', 'closed');
    start();
    const heard = hear('click');
    fire(host, 'click');
    registry.search(root);
    fire(host, 'click');
    expect(heard).toEqual(['click div']);
  });

  test('shows its own open trees too', () => {
    const { outer, inner } = nest('closed');
    start();
    registry.search(outer.root);
    expect(others()).toEqual([outer.root, inner.root]);
  });

  test('that was given before this began also stays', async () => {
    const { host, root } = hostOf('<p></p>', 'closed');
    start([root]);
    const heard = hear('toggle');
    document.body.append(document.createElement('i'));
    await settle();
    expect(others()).toEqual([root]);
    document.body.append(host);
    fire(find('p', root), 'toggle');
    expect(heard).toEqual(['toggle p']);
  });

  test('may be the document of a frame', () => {
    start();
    const heard = hear('click', 'keydown');
    const other = document.implementation.createHTMLDocument();
    registry.search(other);
    fire(other.body, 'click');
    fire(other.body, 'keydown');
    expect(heard).toEqual(['click body', 'keydown body']);
  });

  test('is heard in, but not searched, where one of its elements was given', () => {
    const { root } = insert('<p></p>', 'closed');
    start();
    const heard = hear('click');
    roots.join(find('p', root));
    roots.join(find('p', root));
    fire(find('p', root), 'click');
    expect([heard, others()]).toEqual([['click p'], []]);
  });
});

describe('who asked', () => {
  test('is called when elements came or went, in any tree', async () => {
    const { root } = insert('<p></p>');
    start();
    expect(changes).toBe(0);
    find('p', root).remove();
    await settle();
    expect(changes).toBe(1);
    document.body.append(document.createElement('i'));
    await settle();
    expect(changes).toBe(2);
  });

  test('hears, searches and gets nothing any more once it is stopped', async () => {
    const [open, closed] = [hostOf('<p></p>'), hostOf('<p></p>', 'closed')];
    const name = `x-late-${names++}`;
    document.body.append(open.host, closed.host, document.createElement(name));
    start();
    registry.search(closed.root);
    const heard = hear('click', 'toggle');
    page.stop();
    roots.stop();
    registry.stop();
    changes = 0;
    for (const target of [document.body, find('p', open.root), find('p', closed.root)]) {
      fire(target, 'click', { bubbles: true, composed: true });
      fire(target, 'toggle');
    }
    document.body.append(hostOf('<p></p>').host);
    find(name).attachShadow({ mode: 'open' });
    customElements.define(name, class extends HTMLElement {});
    await settle();
    expect([heard, others(), changes]).toEqual([[], [], 0]);
  });
});

describe('what holds what', () => {
  test('an element holds what is in its tree, and itself; nothing holds anything', () => {
    const [section, p] = [render('<section><p></p></section><i></i>'), find('p')];
    const held: [unknown, Element, boolean][] = [
      [section, p, true],
      [p, p, true],
      [document, p, true],
      [p, section, false],
      [find('i'), p, false],
      [undefined, p, false],
      [null, p, false],
    ];
    for (const [holder, element, expected] of held) expect(holds(holder as Element, element)).toBe(expected);
  });

  test.each(['open', 'closed'] as const)('an element holds what is in %s shadow roots', (mode) => {
    const { host, root } = hostOf('<p></p>', mode);
    const section = document.createElement('section');
    section.append(host);
    document.body.append(section);
    expect(holds(section, find('p', root))).toBe(true);
    expect(holds(host, find('p', root))).toBe(true);
    expect(holds(find('p', root), host)).toBe(false);
  });

  test('an element is held through the slot in which it is drawn', () => {
    const { host, root } = hostOf('<dialog><slot></slot></dialog>');
    const slotted = document.createElement('p');
    // The DOM implementation of the tests assigns nothing.
    const slot = find('slot', root);
    Object.defineProperty(Element.prototype, 'assignedSlot', {
      configurable: true,
      get: function (this: Element) {
        return this === slotted ? slot : null;
      },
    });
    host.append(slotted);
    document.body.append(host);
    expect(holds(find('dialog', root), slotted)).toBe(true);
    Reflect.deleteProperty(Element.prototype, 'assignedSlot');
  });
});
