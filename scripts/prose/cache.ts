/** Which files had no fault when they were last read, so that only changed ones are read again. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const FILE = 'node_modules/.cache/prose.json';

/** Other rules make another key, since they may find more in the same text. */
const rulesKey = (): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync('scripts/prose').toSorted())
    hash.update(readFileSync(`scripts/prose/${name}`));
  return hash.digest('hex');
};

const keyOf = (file: string, text: string): string =>
  createHash('sha256').update(`${file}\n${text}`).digest('hex');

const stored = (key: string): ReadonlySet<string> => {
  try {
    const content = JSON.parse(readFileSync(FILE, 'utf8')) as { key?: unknown; clean?: readonly string[] };
    return new Set(content.key === key ? content.clean : []);
  } catch {
    return new Set();
  }
};

/** Opens the cache; `keep` writes what is clean now. */
export const openCache = () => {
  const key = rulesKey();
  const before = stored(key);
  const clean = new Set<string>();
  return {
    /** Whether this very text had no fault. */
    isClean(file: string, text: string): boolean {
      const isKnown = before.has(keyOf(file, text));
      if (isKnown) clean.add(keyOf(file, text));
      return isKnown;
    },
    add(file: string, text: string): void {
      clean.add(keyOf(file, text));
    },
    keep(): void {
      mkdirSync(dirname(FILE), { recursive: true });
      writeFileSync(FILE, JSON.stringify({ key, clean: [...clean] }));
    },
  };
};
