/**
 * What is asked inside the page. Each function is sent to the browser as text, so it uses nothing from outside of itself.
 */

/** An element as the page has it. */
export interface RawOffer {
  readonly id: string;
  readonly markup: string;
  readonly names: string[];
  readonly width: number;
  readonly height: number;
  readonly display: string;
  readonly hiddenBy: string;
  readonly expires: string;
  readonly text: string;
  readonly isSigned: boolean;
  readonly isInner: boolean;
  readonly filters: string[];
}

/** What the page's addresses are relative to. */
export const readBase = (): string => document.baseURI;

/** The attributes of every script element of the document. */
export const readScripts = (): Record<string, string>[] =>
  [...document.querySelectorAll('script')].map((script) =>
    Object.fromEntries([...script.attributes].map(({ name, value }) => [name, value])),
  );

/** What the page knows of the tracker. */
export interface RawTracker {
  readonly hasScriptRun: boolean;
  readonly startedBy: Record<string, string> | null;
  readonly endpoints: string[];
  readonly consent: string;
  readonly inClosedTrees: number;
  readonly dwellMs: number;
}

/** Looks for the tracker. The names are those that it leaves on the page itself. */
export const readTracker = (): RawTracker => {
  const { offersight } = globalThis as { offersight?: { push?: unknown; by?: Element | null } };
  const hasScriptRun =
    !!offersight && !Array.isArray(offersight) && !(offersight instanceof Element) && 'by' in offersight;
  const tag = hasScriptRun ? offersight.by : null;
  const symbols = Object.getOwnPropertySymbols(globalThis).filter(({ description = '' }) =>
    /^offersight https?:/.test(description),
  );
  // The page may have another version than the doctor.
  interface Inside {
    readonly owner?: { readonly consent?: string };
    readonly options?: { readonly viewability?: { readonly dwellMs?: number } };
    readonly registry?: {
      readonly placements?: {
        filter?(test: (placement: { readonly element: Element }) => boolean): readonly unknown[];
      };
    };
  }
  const [inside] = symbols.flatMap(
    (symbol) => (globalThis as { [view: symbol]: { inside?: Inside } | undefined })[symbol]?.inside ?? [],
  );
  const isInClosed = (element: Element): boolean => {
    for (let root = element.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode())
      if (root.mode === 'closed') return true;
    return false;
  };
  const placements = inside?.registry?.placements;
  return {
    hasScriptRun,
    startedBy: tag ? Object.fromEntries([...tag.attributes].map(({ name, value }) => [name, value])) : null,
    endpoints: symbols.map(({ description = '' }) => description.slice('offersight '.length)),
    consent: String(inside?.owner?.consent ?? ''),
    // Too long to wait for, where it is not known.
    dwellMs: inside?.options?.viewability?.dwellMs ?? 1e9,
    inClosedTrees: placements?.filter?.(({ element }) => isInClosed(element)).length ?? -1,
  };
};

/** Has the tracker load its offer part, which a page without offers does not need. */
export const loadOfferPart = async (): Promise<void> => {
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    if (!/^offersight https?:/.test(symbol.description ?? '')) continue;
    interface View {
      readonly tracker?: { stats?(): Promise<unknown> };
    }
    await (globalThis as { [view: symbol]: View | undefined })[symbol]?.tracker?.stats?.();
  }
};

/** Scrolls to every offer, since pages load late what is out of sight. */
export const scrollToOffers = async (most: number): Promise<void> => {
  for (const element of [...document.querySelectorAll('[data-offer-id]')].slice(0, most)) {
    element.scrollIntoView({ behavior: 'instant', block: 'center' });
    await new Promise((resolve) => window.setTimeout(resolve, 30));
  }
};

/** The selectors that a browser knows: filter lists also have others. */
export const readUsable = (selectors: string[]): string[] =>
  selectors.filter((selector) => {
    try {
      document.querySelector(selector);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Every offer as it is drawn.
 * @param selectors Selectors to test against each offer; the browser has to know them.
 */
export const readOffers = (most: number, selectors: string[]): RawOffer[] => {
  const treesOf = (root: ParentNode): ParentNode[] => [
    root,
    ...[...root.querySelectorAll('*')].flatMap(({ shadowRoot }) => (shadowRoot ? treesOf(shadowRoot) : [])),
  ];
  const above = (element: Element): Element | null =>
    element.parentElement ?? ((element.getRootNode() as Partial<ShadowRoot>).host || null);
  const label = ({ localName, id, classList }: Element): string =>
    `<${localName}${id && `#${id}`}${[...classList].map((name) => `.${name}`).join('')}>`;
  const styleOf = (element: Element): string => {
    const { display, visibility, opacity } = getComputedStyle(element);
    if (display === 'none') return 'display: none';
    if (visibility !== 'visible') return `visibility: ${visibility}`;
    return Number(opacity) === 0 ? 'opacity: 0' : '';
  };
  const elements = treesOf(document)
    .flatMap((tree) => [...tree.querySelectorAll('[data-offer-id]')])
    .slice(0, most);
  return elements.map((element) => {
    const names: string[] = [];
    let hiddenBy = '';
    for (let at: Element | null = element; at; at = above(at)) {
      names.push(...[...at.classList].map((name) => `.${name}`), ...(at.id ? [`#${at.id}`] : []));
      const style = styleOf(at);
      if (style) hiddenBy = `${label(at)} by ${style}`;
    }
    const { width, height, right, bottom } = element.getBoundingClientRect();
    // A page does not scroll there.
    if (!hiddenBy && width && height && (right + scrollX <= 0 || bottom + scrollY <= 0))
      hiddenBy = `its place outside of the page (${Math.round(right + scrollX)} px from the left, ${Math.round(bottom + scrollY)} px from the top)`;
    const { display } = getComputedStyle(element);
    return {
      ...{ id: element.getAttribute('data-offer-id') ?? '', names, width, height, hiddenBy },
      markup: element.outerHTML.slice(0, element.outerHTML.indexOf('>') + 1).slice(0, 200),
      expires: element.getAttribute('data-offer-expires') ?? '',
      // A form may have a field of that name.
      text: String(
        (element instanceof HTMLElement && Reflect.get(HTMLElement.prototype, 'innerText', element)) || '',
      )
        .replaceAll(/\s+/g, ' ')
        .trim()
        .slice(0, 80),
      isSigned: element.hasAttribute('data-offer-token'),
      isInner:
        element.parentElement?.closest('[data-offer-id]')?.getAttribute('data-offer-id') ===
        element.getAttribute('data-offer-id'),
      filters: selectors.filter((selector) => element.closest(selector)),
      display: display === 'contents' && !element.firstElementChild ? 'empty contents' : display,
    };
  });
};

/** Names of attributes that look like that of an offer's id. */
export const readMisspelt = (): string[] => [
  ...new Set(
    [...document.querySelectorAll('*')]
      .flatMap((element) => element.getAttributeNames())
      .filter(
        (name) =>
          /^(?:data[-_]?)?(?:personali[sz]ed[-_]?)?offers?[-_]?id$/i.test(name) && name !== 'data-offer-id',
      ),
  ),
];

/** Frames of the page's own origin that hold offers, and have no tracker of their own. */
export const readFrames = (): string[] =>
  [...document.querySelectorAll('iframe')].flatMap((frame) => {
    const count = frame.contentDocument?.querySelectorAll('[data-offer-id]').length ?? 0;
    const isTracked = Object.getOwnPropertySymbols(frame.contentWindow ?? {}).some(({ description = '' }) =>
      /^offersight https?:/.test(description),
    );
    const markup = (frame.cloneNode() as Element).outerHTML.slice(0, 200);
    const where = frame.matches('[srcdoc]') ? ', and srcdoc gives it no address' : '';
    return count && !isTracked ? `${markup} holds ${count} with data-offer-id${where}` : [];
  });

/** Posts as the tracker would; resolves to nothing but why there was no answer. */
export const postFromPage = async (url: string, body: string): Promise<string> => {
  try {
    const response = await window.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      cache: 'no-store',
      body,
    });
    await response.text();
    return '';
  } catch (cause) {
    return cause instanceof Error ? cause.message : 'the request failed';
  }
};

/** Keeps service workers out: what they send is not the page's, and could not be stopped. */
export const keepWorkersOut = (): void => {
  const { ServiceWorkerContainer } = globalThis as { ServiceWorkerContainer?: { prototype: object } };
  if (!ServiceWorkerContainer) return;
  const kept: string[] = [];
  Object.assign(globalThis, { [Symbol.for('kept out by the doctor')]: kept });
  Object.defineProperty(ServiceWorkerContainer.prototype, 'register', {
    value: (url: unknown) => {
      kept.push(new URL(String(url), document.baseURI).href);
      return new Promise(() => undefined);
    },
  });
};

/** The addresses of the service workers that were kept out. */
export const readWorkers = (): string[] =>
  (globalThis as { [kept: symbol]: string[] | undefined })[Symbol.for('kept out by the doctor')] ?? [];
