/**
 * A busy page. It runs trains of long tasks from its very start, and closes its offers in the middle of them. It passes
 * on what its tracker reports at once, since its browser may be killed a moment later. The site puts the settings ahead
 * of this script and the script itself into the head.
 */
import type { PageSettings, Said } from './said.js';

declare const SETTINGS: PageSettings;
/** A binding of the browser's debugger. When it returns, what it was given is already on its way. */
declare const busySay: (text: string) => void;

/** How long the page rests between its trains. */
const REST_MS = 1_000;

const site = window as unknown as {
  offersight?: object;
  busyLayer: { push(pushed: { readonly event_id: string; readonly is_durable: boolean }): void };
};
const say = (said: Said): void => busySay(JSON.stringify(said));

// The script file has no `onEvent`; the data layer gets the same, at the same moment.
site.busyLayer = {
  push: ({ event_id: id, is_durable: isDurable }) => say({ kind: 'told', id, isDurable }),
};
for (const type of ['viewed', 'dismissed'])
  document.addEventListener(`offersight:${type}`, (announced) =>
    say({ kind: 'made', id: (announced as CustomEvent<{ id: string }>).detail.id }),
  );
const { error } = console;
console.error = (...given: unknown[]) => {
  const { code, message } = Object(given[0]) as { code?: string; message?: string };
  if (code) say({ kind: 'report', code, text: `${message}` });
  error(...given);
};

const spin = (): void => {
  const endsAt = performance.now() + SETTINGS.taskMs;
  while (performance.now() < endsAt);
};

/** Closes what is open, evenly over the tasks that are left. */
const closeSome = (tasksLeft: number): void => {
  // Before the tracker is there, nobody would notice that an offer was closed.
  if (!site.offersight) return;
  const open = [...document.querySelectorAll<HTMLElement>('.offer:not(.closed) button')];
  for (const button of open.slice(0, Math.ceil(open.length / (tasksLeft + 1)))) {
    button.parentElement?.classList.add('closed');
    button.click();
  }
};

const { port1, port2 } = new MessageChannel();
const ask = (task: () => void): void => {
  if (SETTINGS.yielding === 'message') {
    port1.onmessage = task;
    port2.postMessage(undefined);
  } else setTimeout(task);
};

const run = (train: number): Promise<void> =>
  new Promise((isOver) => {
    say({ kind: 'train', train });
    const { tasks, yielding, leaves } = SETTINGS;
    let done = 0;
    const task = (): void => {
      spin();
      closeSome(tasks - done - 1);
      if (leaves?.train === train && leaves.task === done) document.querySelector<HTMLElement>('a')?.click();
      done++;
      if (done === tasks) isOver();
      else if (yielding !== 'queued') ask(task);
    };
    for (let asked = yielding === 'queued' ? tasks : 1; asked > 0; asked--) ask(task);
  });

const hydrate = async (): Promise<void> => {
  for (let train = 0; train < SETTINGS.trains; train++) {
    if (train) {
      await new Promise((isOver) => setTimeout(isOver, REST_MS));
      document.body.append(document.querySelector('template')?.content ?? '');
    }
    await run(train);
  }
};
void hydrate();
