/** Scripts in the documents use the package as its types say. */
import { expect, it } from 'vitest';
import { type PlacedBlock, readBlocks } from './support/blocks/block.js';
import { faultsOfTypes } from './support/blocks/types.js';

/** A block with a fault, each on a page of its own. */
const wrong = (file: string, language: string, text: string): PlacedBlock => ({
  ...{ file, language, text },
  ...{ name: '', line: 1, isClosed: true },
});

const WRONG = [
  wrong('option.md', 'js', "createOfferTracker({ endpoint: '/offer-events', repeat: 'twice' });"),
  wrong('twice.md', 'js', 'const site = 1;\nconst site = 2;'),
  wrong('method.md', 'ts', "\ntracker.dismis('a52ge40b');"),
  wrong('export.md', 'ts', "import { createTracker } from 'offersight';"),
  wrong('entry.md', 'ts', "import { createOfferProxy } from 'offersight/server';"),
  wrong('name.md', 'ts', "createOfferTraker({ endpoint: '/offer-events' });"),
  wrong('part.md', 'tsx', '<p><Offer offr="a52ge40b">An offer</Offer></p>;'),
  wrong('page.html.md', 'html', '<p>A page</p>\n<script>\noffersight.pull(() => 1);\n</script>'),
  wrong('component.vue.md', 'vue', '<script setup lang="ts">\ntracker.accept(1);\n</script>'),
  wrong(
    'component.svelte.md',
    'svelte',
    '<script lang="ts">\nlet { id }: { id: string } = $props(1, 2);\n</script>',
  ),
  wrong('page.astro.md', 'astro', '---\nproxy.stop();\n---\n<p>A page</p>'),
];

it('scripts in the documents have the right types, and one that has not is found', {
  timeout: 240_000,
}, () => {
  // Examples of the reference are compiled where they are made.
  const blocks = readBlocks().filter(({ file }) => !file.startsWith('docs/reference/'));
  expect(faultsOfTypes([...blocks, ...WRONG])).toEqual([
    expect.stringContaining(`option.md:1: Type '"twice"'`),
    expect.stringContaining(`twice.md:1: Cannot redeclare block-scoped variable 'site'`),
    expect.stringContaining(`twice.md:2: Cannot redeclare block-scoped variable 'site'`),
    expect.stringContaining(`method.md:2: Property 'dismis' does not exist`),
    expect.stringContaining(`export.md:1: `),
    expect.stringContaining(`entry.md:1: Cannot find module 'offersight/server'`),
    expect.stringContaining(`name.md:1: Cannot find name 'createOfferTraker'`),
    expect.stringContaining(`part.md:1: `),
    expect.stringContaining(`page.html.md:3: Property 'pull' does not exist`),
    expect.stringContaining(`component.vue.md:2: `),
    expect.stringContaining(`component.svelte.md:2: `),
    expect.stringContaining(`page.astro.md:2: Property 'stop' does not exist`),
  ]);
});
