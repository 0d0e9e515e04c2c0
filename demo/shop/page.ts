/** The shop's pages, rendered on the server. */
import { pictureOf } from './pictures.js';
import type { ShopOffer } from './upstream.js';

/** The offers of one page view by their place; a place without an offer stays empty. */
export interface ShopOffers {
  readonly hero: ShopOffer | undefined;
  readonly aside: ShopOffer | undefined;
  readonly modal: ShopOffer | undefined;
  readonly toast: ShopOffer | undefined;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** What marks an element as an offer. */
const offerAttributes = ({ id, offerId, expiresAt }: ShopOffer): string =>
  `data-offer-id="${escapeHtml(id)}" data-offer-group="${escapeHtml(offerId)}" data-offer-expires="${expiresAt}"`;

/** An offer's body. Title and description are the merchant's own HTML, as the API documents. */
const body = ({ title, description, option }: ShopOffer, dismiss: string): string => `
  <p class="eyebrow">Just for you</p>
  <h3>${title}</h3>
  <div class="copy">${description}</div>
  <p class="actions">
    <button class="primary" data-offer-accept data-option="${escapeHtml(option.id)}">${escapeHtml(option.label)}</button>
    <button class="quiet" data-offer-dismiss>${dismiss}</button>
  </p>`;

/** An offer among the page's content. */
export const renderCard = (offer: ShopOffer, place: string): string =>
  `<article class="offer card" id="${place}" ${offerAttributes(offer)}>${body(offer, 'No, thanks')}</article>`;

const renderModal = (offer: ShopOffer): string => `
  <dialog id="modal" closedby="any" aria-label="Your offer">
    <div class="offer" ${offerAttributes(offer)}>${body(offer, 'Maybe later')}</div>
  </dialog>`;

const renderToast = (offer: ShopOffer): string => `
  <div id="toast" class="offer" role="status" hidden ${offerAttributes(offer)}>${body(offer, 'Close')}</div>`;

const PRODUCTS = [
  ['Starter', 'For one person and one idea.', '€9'],
  ['Team', 'For the people who build it with you.', '€29'],
  ['Studio', 'For agencies and their clients.', '€59'],
  ['Scale', 'For when it works.', '€149'],
  ['Archive', 'For everything you finished.', '€4'],
  ['Support', 'For nights before the launch.', '€39'],
] as const;

const product = ([name, line, price]: (typeof PRODUCTS)[number]): string => `
  <li class="product">${pictureOf(name)}<h3>${name}</h3><p>${line}</p><p class="price">${price}<small> / month</small></p></li>`;

const COLUMNS = ['viewed', 'closed', 'accepted', 'waiting', 'refused', 'viewed', 'closed'] as const;

/** What a visitor may try; each ticks itself when it happened. */
const STEPS = [
  ['view', 'Look at the first offer for a second.'],
  ['escape', 'Open “See your deal”, and close it by Escape.'],
  ['accept', 'Accept an offer.'],
  ['toast', 'Wait for the offer in the corner, and close it.'],
  ['network', 'Switch the network off, close an offer, and switch it on again.'],
  ['upstream', 'Let the upstream be down, close an offer, and bring it back.'],
] as const;

/** The shop window with the live funnel beside it. */
export const renderShop = (
  { hero, aside, modal, toast }: ShopOffers,
  panel: {
    readonly customerId: string;
    readonly isMockApi: boolean;
    readonly isNetworkOff: boolean;
    readonly isUpstreamDown: boolean;
    readonly operators: { readonly url: string; readonly token: string } | undefined;
  },
): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Fernweh, plans for makers</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/shop.css">
    <script async src="/offersight.js" data-endpoint="/offer-events" data-debug></script>
    <script type="module" src="/shop.js"></script>
  </head>
  <body>
    <header class="bar"><h1>Fernweh</h1><span>Plans for makers</span>
      <a class="to-panel" href="#panel">What Offersight knows</a>
      <button id="open-modal" class="primary"${modal ? '' : ' disabled'}>See your deal</button></header>
    <main>
      <section class="shop">
        <h2 class="for-you">For you</h2>
        ${hero ? renderCard(hero, 'hero') : ''}
        <h2 id="plans" tabindex="-1">Plans</h2>
        <ul class="products">${PRODUCTS.slice(0, 3).map(product).join('')}</ul>
        ${aside ? renderCard(aside, 'aside') : ''}
        <ul class="products">${PRODUCTS.slice(3).map(product).join('')}</ul>
        <h2>Chosen while you read</h2>
        <div id="late" aria-live="polite"><p class="hint">One moment …</p></div>
        <h2>Common questions</h2>
        <p class="copy">You can change plans on any day and pay the difference. Invoices come by e-mail. Nobody has
          to talk to anybody. We answer within a working day, usually sooner, and always a person.</p>
        <div class="tail"></div>
      </section>
      <aside class="panel" id="panel" aria-label="What Offersight knows">
        <h2>What Offersight knows</h2>
        <p class="hint">Customer <code>${escapeHtml(panel.customerId)}</code> · <a href="/?new">be somebody else</a></p>
        <p class="hint"><button id="inspect" class="quiet"${panel.operators ? ` data-operator="${escapeHtml(panel.operators.url)}"` : ''}>Open the inspector</button>
          It shows on each offer why it counts or does not, and how far each event came.</p>
        <h3>Try this</h3>
        <ol id="steps">${STEPS.map(([name, words]) => `<li data-step="${name}">${words}`).join('')}</ol>
        <h3>Break something</h3>
        <label><input type="checkbox" id="network-off"${panel.isNetworkOff ? ' checked' : ''} autocomplete="off"> network off <small>between this page and its server</small></label>
        <label><input type="checkbox" id="upstream-down" autocomplete="off"${panel.isMockApi ? '' : ' disabled'}${panel.isUpstreamDown ? ' checked' : ''}> upstream down
          <small>${panel.isMockApi ? 'between the proxy and the mock API' : 'only with the mock API'}</small></label>
        <h3>What became of it</h3>
        <div class="table" role="region" tabindex="0" aria-label="Funnel">
          <table>
            <thead>
              <tr><td><th scope="colgroup" colspan="3">on this page<th scope="colgroup" colspan="2">at the proxy<th scope="colgroup" colspan="2">at Chargebee</tr>
              <tr><th scope="col">offer${COLUMNS.map((name) => `<th scope="col">${name}`).join('')}</tr>
            </thead>
            <tbody id="funnel"></tbody>
          </table>
        </div>
        ${
          panel.operators
            ? `<p class="hint"><a href="${escapeHtml(panel.operators.url)}" target="_blank">The operator’s page</a> has all of it by day and campaign. Its token: <code>${escapeHtml(panel.operators.token)}</code></p>`
            : ''
        }
        <h3>Outbox of this browser</h3>
        <dl id="outbox"><dt>waiting<dd data-name="waiting">–<dt>refused<dd data-name="dead">–<dt>given up<dd data-name="discarded">–</dl>
        <h3>Events on this page</h3>
        <ol id="log" aria-live="polite"></ol>
      </aside>
    </main>
    ${modal ? renderModal(modal) : ''}
    ${toast ? renderToast(toast) : ''}
  </body>
</html>
`;
