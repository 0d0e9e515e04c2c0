/** The live view's script: asks for the newest events again and again while somebody looks, and draws them. */
import { render } from 'preact';
import { platformRuntime } from '../../../../runtime.js';
import { EventRow, type ShownEvent } from '../event-rows.js';

const AGAIN_MS = 2_000;
const runtime = platformRuntime();

const find = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}.`);
  return found;
};
const [rows, none, status, pause] = ['rows', 'none', 'status', 'pause'].map(find) as [
  HTMLElement,
  HTMLElement,
  HTMLElement,
  HTMLElement,
];

let isPaused = false;
let stopTimer = (): void => undefined;

/** A status is spoken, so only what has changed is said. */
const say = (text: string): void => {
  if (status.textContent !== text) status.textContent = text;
};

const look = async (): Promise<void> => {
  const response = await runtime.fetch('live-rows', { redirect: 'error' });
  if (response.status === 401) {
    say('Your session is over. Reload to sign in again.');
    status.className = 'fault';
    rows.replaceChildren();
    pause.hidden = true;
    isPaused = true;
    return;
  }
  if (!response.ok) throw new Error(`${response.status}`);
  const events = (await response.json()) as readonly ShownEvent[];
  none.hidden = events.length > 0;
  render(
    events.map((event) => <EventRow key={event.id} event={event} lane="offer_events" />),
    rows,
  );
  say('The newest events, as they come.');
};

let isLooking = false;
const goOn = async (): Promise<void> => {
  stopTimer();
  if (isLooking || isPaused || document.hidden) return;
  isLooking = true;
  await look().catch(() => say('The proxy does not answer. Trying again.'));
  isLooking = false;
  stopTimer = runtime.after(AGAIN_MS, () => void goOn());
};

pause.hidden = false;
pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? 'Go on' : 'Pause';
  if (isPaused) say('Paused.');
  void goOn();
});
document.addEventListener('visibilitychange', () => void goOn());
void goOn();
