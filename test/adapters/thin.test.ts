import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('every adapter is thin: at most sixty lines over the public face', () => {
  const adapters = readdirSync('src/adapters');
  expect(adapters.sort()).toEqual(['element.ts', 'react.ts', 'solid.ts', 'svelte.ts', 'vue.ts']);
  const long = adapters.filter(
    (name) => readFileSync(`src/adapters/${name}`, 'utf8').split('\n').length > 61,
  );
  expect(long).toEqual([]);
});
