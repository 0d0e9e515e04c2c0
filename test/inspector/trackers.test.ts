/** Why the inspector does not find any tracker, as far as the page shows it. */
import { afterEach, expect, it, vi } from 'vitest';
import { ignoredTags, whyNone } from '../../src/tools/inspector/trackers.js';

afterEach(() => document.body.replaceChildren());

const TAG = '<script src="/offersight.js"></script>';

it.each([
  ['', 'There is no script tag.'],
  [TAG, 'Look at the console: the script’s file did not load, or an option is wrong.'],
  [TAG.replace('src', 'type="text/javascript" src'), 'Look at the console'],
  [TAG.replace('src', 'type="module" src'), 'The script tag has type="module": remove that attribute.'],
  [
    TAG.replace('src', 'type="text/plain" src'),
    'The script tag has type="text/plain", so the browser does not run it.',
  ],
  [TAG.replace('src', 'nomodule src'), 'The script tag has nomodule'],
  [`<template>${TAG}</template>`, 'The script tag is in <template>, where nothing runs it.'],
])('says about %s: %s', (html, words) => {
  document.body.innerHTML = html;
  expect(whyNone()).toContain(words);
});

it('says that a tag in noscript does not run', () => {
  const noscript = document.createElement('noscript');
  // With scripts on, a browser reads what is in it as text.
  noscript.textContent = TAG;
  document.body.append(noscript);
  expect(whyNone()).toContain('The script tag is in <noscript>, where nothing runs it.');
});

it('guesses that a script drives the browser only if nothing else explains it', () => {
  vi.spyOn(navigator, 'webdriver', 'get').mockReturnValue(true);
  document.body.innerHTML = TAG;
  expect(whyNone()).toContain('a script drives this browser');
  document.body.innerHTML = TAG.replace('src', 'type="text/plain" src');
  expect(whyNone()).not.toContain('a script drives this browser');
});

it('names tags that are ignored, and no other files', () => {
  document.body.innerHTML = `${TAG}<script src="/offersight-offers.js"></script><script src="/offersight-setup.js"></script>`;
  expect(ignoredTags()).toEqual([]);
  document.body.innerHTML = `${TAG}${TAG.replace('src', 'type="text/plain" src')}`;
  expect(ignoredTags()).toEqual([]);
  document.body.innerHTML = `${TAG}${TAG}${TAG.replace('src', 'data-endpoint="/other" src')}`;
  expect(ignoredTags()).toEqual([
    'A tag of /offersight.js is ignored, since another one came first: keep one.',
    'A tag of /offersight.js with data-endpoint="/other" is ignored, since another one came first: keep one.',
  ]);
});
