/** The shop page's own script, and the panel that shows what Offersight does. */

const $ = (selector, root = document) => root.querySelector(selector);
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });

// The shop: a modal, a toast, an offer that comes late, and what accepting does.
const modal = $('#modal');
$('#open-modal').addEventListener('click', () => modal?.showModal());
modal?.addEventListener('click', ({ target, clientX, clientY }) => {
  // For browsers without `closedby`: a press on the backdrop hits the dialog outside its box.
  const { left, right, top, bottom } = modal.getBoundingClientRect();
  const isOutside = clientX < left || clientX > right || clientY < top || clientY > bottom;
  if (target === modal && isOutside) modal.close();
});

$('#inspect').addEventListener('click', async ({ target }) => {
  const file = '/offersight-inspector.js';
  const { openInspector } = await import(file);
  openInspector({ operatorUrl: target.dataset.operator });
});

const TOAST_AFTER_MS = 2_500;
const TOAST_FOR_MS = 12_000;
const toast = $('#toast');
if (toast) {
  const hideLater = () =>
    setTimeout(() => {
      // It stays while somebody points at it, or has the focus in it.
      if (toast.matches(':hover, :focus-within')) hideLater();
      else toast.hidden = true;
    }, TOAST_FOR_MS);
  setTimeout(() => {
    toast.hidden = false;
    hideLater();
  }, TOAST_AFTER_MS);
}

const LATE_AFTER_MS = 1_000;
setTimeout(async () => {
  $('#late').innerHTML = await (await fetch('/late')).text();
}, LATE_AFTER_MS);

document.addEventListener('click', ({ target }) => {
  const offer = target.closest('[data-offer-id]');
  const accept = target.closest('[data-offer-accept]');
  if (!offer || !(accept || target.closest('[data-offer-dismiss]'))) return;
  const title = $('h3', offer).textContent;
  if (accept) {
    const { offerId, offerGroup } = offer.dataset;
    post('/accept', { offer: offerId, option: accept.dataset.option, group: offerGroup });
    tick('accept');
  }
  if (modal?.contains(offer)) modal.close();
  else offer.remove();
  if (accept) thank(title);
  // A keyboard user continues where the offer was, not at the top of the page.
  else if (!modal?.contains(offer)) $('#plans').focus({ preventScroll: true });
});

const thank = (title) => {
  const thanks = Object.assign(document.createElement('p'), { id: 'thanks', tabIndex: -1 });
  thanks.textContent = `Thank you. “${title}” is yours.`;
  $('#thanks')?.remove();
  $('#plans').before(thanks);
  thanks.focus({ preventScroll: true });
};

// The panel.
const log = (event) => {
  const { type, offerId, reason } = event.detail;
  const row = document.createElement('li');
  row.textContent = `${new Date().toLocaleTimeString()}  ${type}  ${offerId}${reason ? `  (${reason})` : ''}`;
  $('#log').prepend(row);
};
document.addEventListener('offersight:viewed', log);
document.addEventListener('offersight:dismissed', log);

/** A step of what may be tried is done. */
const tick = (name) => $(`[data-step=${name}]`).classList.add('done');
/** What was closed while one of the switches was off, until it is on again and all has arrived. */
const isBroken = { network: $('#network-off').checked, upstream: $('#upstream-down').checked };
const closedMeanwhile = { network: false, upstream: false };
document.addEventListener('offersight:viewed', () => tick('view'));
document.addEventListener('offersight:dismissed', ({ target, detail }) => {
  if (detail.reason === 'escape') tick('escape');
  if (toast?.contains(target)) tick('toast');
  for (const name of Object.keys(isBroken)) closedMeanwhile[name] ||= isBroken[name];
});
const onArrived = () => {
  for (const name of Object.keys(isBroken)) if (closedMeanwhile[name] && !isBroken[name]) tick(name);
};

/** Who counts, and what. */
const COUNTS = [
  ['page', 'viewed'],
  ['page', 'dismissed'],
  ['page', 'accepted'],
  ['proxy', 'waiting'],
  ['proxy', 'refused'],
  ['chargebee', 'viewed'],
  ['chargebee', 'dismissed'],
];
const places = new Map();
const namePlaces = () => {
  for (const offer of document.querySelectorAll('[data-offer-id]')) {
    const holder = offer.closest('dialog') ?? offer;
    places.set(offer.dataset.offerId, holder.id.replace('-offer', ''));
  }
};
let funnel = {};
let onPage = {};
const renderFunnel = () => {
  namePlaces();
  const rows = [...places].map(([offerId, place]) => {
    const row = document.createElement('tr');
    row.dataset.offer = offerId;
    const name = Object.assign(document.createElement('th'), { scope: 'row' });
    name.append(place, Object.assign(document.createElement('small'), { textContent: offerId }));
    row.append(name);
    for (const [who, what] of COUNTS) {
      const cell = row.insertCell();
      cell.textContent = String((who === 'page' ? onPage : funnel)[offerId]?.[what] ?? 0);
      cell.dataset.count = `${who} ${what}`;
    }
    return row;
  });
  $('#funnel').replaceChildren(...rows);
};
new MutationObserver(renderFunnel).observe($('#late'), { childList: true });
renderFunnel();
new EventSource('/demo/funnel').onmessage = ({ data }) => {
  funnel = JSON.parse(data);
  renderFunnel();
};

window.offersight ||= [];
window.offersight.push((tracker) => {
  const show = async () => {
    const { offers, outbox, discarded = {} } = await tracker.stats();
    if (JSON.stringify(offers) !== JSON.stringify(onPage)) {
      onPage = offers;
      renderFunnel();
    }
    const isWaiting = Object.values(funnel).some(({ waiting }) => waiting > 0);
    if (outbox?.waiting === 0 && !isWaiting) onArrived();
    const values = {
      waiting: outbox?.waiting ?? '–',
      dead: outbox?.dead ?? '–',
      discarded: Object.values(discarded).reduce((sum, count) => sum + count, 0),
    };
    for (const [name, value] of Object.entries(values)) $(`#outbox [data-name=${name}]`).textContent = value;
  };
  setInterval(show, 500);
});

$('#network-off').addEventListener('change', async ({ target }) => {
  isBroken.network = target.checked;
  await post('/demo/network', { off: target.checked });
  // What a browser says when a real network comes back.
  if (!target.checked) window.dispatchEvent(new Event('online'));
});
$('#upstream-down').addEventListener('change', ({ target }) => {
  isBroken.upstream = target.checked;
  post('/demo/upstream', { down: target.checked });
});
