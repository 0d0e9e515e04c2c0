/** The rooms of the product under simulation, from any copy of its source. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where the product's own source is. */
export const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));

/** Everything that the simulator runs. */
export type Rooms = typeof import('../../src/client/outbox/outbox.js') &
  typeof import('../../src/client/outbox/indexeddb.js') &
  typeof import('../../src/client/later/page-delivery.js') &
  typeof import('../../src/protocol/event.js') &
  typeof import('../../src/proxy/handler.js') &
  typeof import('../../src/proxy/intake/sqlite/sqlite-file.js') &
  typeof import('../../src/proxy/intake/sqlite/sqlite-intake.js') &
  typeof import('../../src/proxy/intake/rules.js') &
  typeof import('../../src/proxy/intake/direct/direct.js');

const FILES = [
  'client/outbox/outbox',
  'client/outbox/indexeddb',
  'client/later/page-delivery',
  'protocol/event',
  'proxy/handler',
  'proxy/intake/sqlite/sqlite-file',
  'proxy/intake/sqlite/sqlite-intake',
  'proxy/intake/rules',
  'proxy/intake/direct/direct',
];

/** Loads the rooms from a folder of source. */
export const loadRooms = async (root = SOURCE): Promise<Rooms> => {
  const modules = await Promise.all(
    FILES.map(
      (file) => import(/* @vite-ignore */ pathToFileURL(join(root, `${file}.ts`)).href) as Promise<object>,
    ),
  );
  return Object.assign({}, ...modules) as Rooms;
};
