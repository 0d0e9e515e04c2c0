/** The door to the other tabs and workers of the origin: messages between them, which only delivery needs. */
import type { Stop } from './runtime.js';

const ignore = (): void => undefined;

/** Opens a channel for as long as `use` needs it. In a browser without channels nothing happens. */
const withChannel = (name: string, use: (channel: BroadcastChannel) => void): Stop => {
  try {
    const channel = new BroadcastChannel(name);
    use(channel);
    return () => channel.close();
  } catch {
    return ignore;
  }
};

/** Sends some ids to the others. */
export const tellTabs = (name: string, ids: readonly string[]): void =>
  withChannel(name, (channel) => channel.postMessage(ids))();

/** Hears the ids that others send, until stopped: an open channel can keep a page out of the back/forward cache. */
export const hearTabs = (name: string, onTold: (ids: readonly string[]) => void): Stop =>
  withChannel(name, (channel) => {
    channel.onmessage = ({ data }) => {
      if (Array.isArray(data)) onTold(data as string[]);
    };
  });
