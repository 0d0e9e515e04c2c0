/** What a page loads when it needs it. */
import { OffersightError } from '../errors.js';
import type { Runtime, Stop } from '../runtime.js';
import type { Page } from './page.js';
import { RELOAD_MS } from './times.js';

/** A part of the tracker, whether it is there or not. */
export interface Part<Made> {
  /** It, once it is there. */
  now(): Made | undefined;
  /** Asks for it; rejects if it does not load now. Then it is asked for again after a while, and when the network is back. */
  need(): Promise<Made>;
  /** Lets it do something, now or, if somebody has asked for it, as soon as it is there, in the order of the calls. */
  tell(act: (made: Made) => unknown): void;
  /** Asks no more, and makes nothing of a load that still comes. */
  stop: Stop;
}

/** What loads of parts have in common. */
export interface PartContext {
  readonly runtime: Pick<Runtime, 'after'>;
  readonly page: Pick<Page, 'listen'>;
  readonly report: (error: OffersightError) => void;
}

/**
 * Does not ask yet.
 * @param name Its file, where the script tag is used.
 * @param make Called once, though a load that was given up may come as well.
 */
export const createPart = <Room, Made>(
  { runtime, page, report }: PartContext,
  name: string,
  load: () => Promise<Room>,
  make: (room: Room) => Made,
): Part<Made> => {
  let made: Made | undefined;
  let loading: Promise<Made> | undefined;
  /** Set while the next load is waited for. */
  let stopWaiting: Stop | undefined;
  /** What it shall do as soon as it is there. */
  const acts: ((made: Made) => unknown)[] = [];
  let isReported = false;
  let isStopped = false;

  const attempt = (): Promise<Made> =>
    new Promise<Made>((resolve, reject) => {
      const arrive = (room: Room): void => {
        if (isStopped) return;
        made ??= make(room);
        for (const act of acts.splice(0)) act(made);
        resolve(made);
      };
      // In a task of its own: in a bundle it would run at the end of the one that asks for it.
      runtime.after(0, () => load().then(arrive).catch(reject));
      runtime.after(RELOAD_MS, () => reject(new Error('timeout')));
    }).catch((cause: unknown) => {
      if (!isStopped) {
        stopWaiting = runtime.after(RELOAD_MS, again);
        // An error is written with its name.
        if (!isReported)
          report(
            new OffersightError('load', `offersight-${name}.js did not load: ${cause as string}`, cause),
          );
        isReported = true;
      }
      throw cause;
    });
  const need = (): Promise<Made> => {
    // It may have come to a load that was given up.
    if (made) return Promise.resolve(made);
    loading ??= attempt();
    return loading;
  };
  const again = (): void => {
    stopWaiting?.();
    stopWaiting = loading = undefined;
    need().catch(() => undefined);
  };
  page.listen((change) => {
    if (change === 'online' && stopWaiting) again();
  });

  return {
    now: () => made,
    need,
    tell(act) {
      if (made) act(made);
      else if (loading) acts.push(act);
    },
    stop() {
      isStopped = true;
      stopWaiting?.();
    },
  };
};
