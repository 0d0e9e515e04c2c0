import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { markdownOf } from './markdown.mjs';
import { rewrites } from './pages.mjs';
import { sidebar } from './sidebar.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** Only the workflow that publishes the site knows where the code is. */
const repository = process.env.DOCS_REPOSITORY;

export default defineConfig({
  lang: 'en',
  title: 'Offersight',
  description:
    'Know which personalized offers people saw and which they closed, and deliver every event to Chargebee Growth.',
  base: process.env.DOCS_BASE ?? '/',
  // There is none, and no browser needs to ask for it.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  rewrites,
  markdown: markdownOf(root, repository),
  // Pages that were counted as fresh by the time of a checkout would mislead.
  lastUpdated: false,
  // The theme's first page has no main landmark.
  transformHtml: (html) =>
    html.replace('<div class="VPContent is-home"', '<div role="main" class="VPContent is-home"'),
  // The example on the page about what counts is the built package, which lies beside docs/.
  vite: { server: { fs: { allow: ['..'] } } },
  themeConfig: {
    sidebar,
    nav: [
      { text: 'Why', link: '/why' },
      { text: 'Get started', link: '/start/' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Changelog', link: '/changelog' },
    ],
    outline: [2, 3],
    search: { provider: 'local' },
    ...(repository && { socialLinks: [{ icon: 'github', link: repository }] }),
    footer: { message: `Version ${version} · MIT` },
  },
});
