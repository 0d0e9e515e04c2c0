/** The live page's script: draws the state as it comes, and sends what is switched. */
import { platformRuntime } from '../../../runtime.js';
import type { DevFigures, LiveState } from '../live-state.js';
import { remedyOf } from '../reasons.js';
import type { DevEvent, DevProblem } from '../trail.js';

const runtime = platformRuntime();

interface Fault {
  readonly label: string;
  readonly fault: Readonly<Record<string, unknown>> | undefined;
}

const MATCH = { path: '/offer_events' };
const FAULTS: readonly Fault[] = [
  { label: 'is well', fault: undefined },
  { label: 'is down', fault: { kind: 'down', match: MATCH } },
  { label: 'takes 3 seconds', fault: { kind: 'delay', ms: 3_000, match: MATCH } },
  { label: 'answers 503', fault: { kind: 'status', status: 503, match: MATCH } },
  {
    label: 'says: too many calls',
    fault: { kind: 'status', status: 429, retry_after: 10, match: MATCH },
  },
  { label: 'refuses the key', fault: { kind: 'status', status: 401, match: MATCH } },
  { label: 'refuses each event', fault: { kind: 'status', status: 422, match: MATCH } },
];

const find = <Kind extends HTMLElement>(id: string): Kind => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}.`);
  // Each id of the page belongs to one kind of element.
  return found as Kind;
};

const element = (name: string, text = '', className = ''): HTMLElement =>
  Object.assign(document.createElement(name), { textContent: text, className });

/** How many commands are under way: what the stream says of switches meanwhile may be older than they are. */
let underWay = 0;

const command = async (work: () => Promise<void>): Promise<void> => {
  underWay += 1;
  find('commands').ariaBusy = 'true';
  try {
    await work();
  } finally {
    underWay -= 1;
    find('commands').ariaBusy = `${underWay > 0}`;
  }
};

const send = (path: string, body?: unknown, method = 'POST'): Promise<Response> =>
  runtime.fetch(path, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });

const timeOf = (at: number): string => new Date(at).toLocaleTimeString();

const rowOf = (event: DevEvent): HTMLElement => {
  const { at, offerId, group, type, dismissReason, state, reason, page = '' } = event;
  const row = document.createElement('tr');
  const cell = document.createElement('td');
  cell.append(element('span', reason === undefined ? state : `${state}: ${reason}`, `state ${state}`));
  const remedy = remedyOf(reason);
  if (remedy !== undefined) cell.append(element('p', remedy, 'hint'));
  row.append(
    element('td', timeOf(at)),
    element('td', offerId, 'id'),
    element('td', group),
    element('td', dismissReason === undefined ? type : `${type}: ${dismissReason}`),
    cell,
    element('td', page),
  );
  return row;
};

const problemOf = ({ at, status, code, title, page = '' }: DevProblem): HTMLElement =>
  element('li', `${timeOf(at)} ${status} ${code}: ${title} ${page}`.trim());

const drawFigures = (figures: DevFigures): void => {
  find('figures').replaceChildren(
    ...Object.entries(figures).map(([name, figure]) => {
      const pair = document.createElement('div');
      pair.append(element('dt', name), element('dd', `${figure}`));
      return pair;
    }),
  );
};

const isSame = (fault: Fault['fault'], other: unknown): boolean => {
  const { kind, status } = Object(other) as { kind?: unknown; status?: unknown };
  return fault?.kind === kind && fault?.status === status;
};

const drawFaults = (faults: readonly unknown[]): void => {
  const [active] = faults;
  const index = FAULTS.findIndex(({ fault }) => isSame(fault, active));
  for (const [at, radio] of document.querySelectorAll<HTMLInputElement>('[name=fault]').entries())
    radio.checked = at === index;
};

const drawSwitches = ({ isNetworkOff, isAnyId }: Pick<LiveState, 'isNetworkOff' | 'isAnyId'>): void => {
  find<HTMLInputElement>('network').checked = isNetworkOff;
  find<HTMLInputElement>('any-id').checked = isAnyId;
};

const draw = (state: LiveState): void => {
  const { events, figures, problems, faults, isNetworkOff, brokenOff, isAnyId } = state;
  find('empty').hidden = events.length > 0 || isNetworkOff;
  find('tag').textContent =
    `<script async src="/offersight.js" data-endpoint="${state.path}" data-debug></script>`;
  find('sample').textContent =
    `<div data-offer-id="${state.sampleOfferId}">An offer <button data-offer-dismiss>Close</button></div>`;
  find('cut-off').textContent = isNetworkOff
    ? `Your pages cannot reach the endpoint: ${brokenOff} ${brokenOff === 1 ? 'request was' : 'requests were'} broken off so far. Events wait in the browser.`
    : '';
  find('events').replaceChildren(...events.toReversed().map(rowOf));
  drawFigures(figures);
  find('problems-part').hidden = !problems.length;
  find('problems').replaceChildren(...problems.toReversed().map(problemOf));
  if (underWay) return;
  drawFaults(faults);
  drawSwitches({ isNetworkOff, isAnyId });
};

/** Switches something, and shows what came of it. */
const change = (path: string, body: unknown): Promise<void> =>
  command(async () => {
    const response = await send(path, body);
    if (response.ok) drawSwitches((await response.json()) as LiveState);
  });

const breakUpstream = ({ fault }: Fault): Promise<void> =>
  command(async () => {
    await send('upstream/faults', undefined, 'DELETE');
    if (fault) await send('upstream/faults', fault);
  });

find('faults').append(
  ...FAULTS.map((each) => {
    const label = element('label');
    const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'fault' });
    radio.addEventListener('change', () => void breakUpstream(each));
    label.append(radio, ` ${each.label}`);
    return label;
  }),
);
find<HTMLInputElement>('network').addEventListener('change', ({ target }) => {
  void change('network', { off: (target as HTMLInputElement).checked });
});
find<HTMLInputElement>('any-id').addEventListener('change', ({ target }) => {
  void change('any-id', { on: (target as HTMLInputElement).checked });
});
find('reset').addEventListener('click', () => {
  find('made').replaceChildren();
  void command(async () => {
    await send('reset');
  });
});
find('make').addEventListener('submit', (event) => {
  event.preventDefault();
  void command(async () => {
    const customer = find<HTMLInputElement>('customer').value;
    const response = await send('offers', { customer_id: customer });
    const { personalized_offers: offers = [], message } = (await response.json()) as {
      readonly personalized_offers?: readonly { readonly id: string; readonly offer_id: string }[];
      readonly message?: string;
    };
    const [offer] = offers;
    const words = offer
      ? ` of the offer ${offer.offer_id}. The same customer gets the same one.`
      : (message ?? 'There is no offer for this customer.');
    find('made').replaceChildren(...(offer ? [element('code', `data-offer-id="${offer.id}"`)] : []), words);
  });
});

const connection = find('connection');
const stream = new EventSource('stream');
stream.addEventListener('message', ({ data }) => {
  connection.textContent = '';
  draw(JSON.parse(String(data)) as LiveState);
});
stream.addEventListener('error', () => {
  connection.textContent = 'offersight dev has ended, or is starting again.';
});
