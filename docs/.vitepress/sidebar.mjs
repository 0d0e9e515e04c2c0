/** The order in which a reader needs the pages. A link is a page's path on the site. */

/** @typedef {{ readonly text: string, readonly link?: string, readonly items?: readonly Item[] }} Item */

/**
 * @param {string} text
 * @param {string} link
 */
const entry = (text, link) => ({ text, link });
/**
 * @param {string} text
 * @param {readonly Item[]} items
 */
const group = (text, items) => ({ text, items });

export const sidebar = [
  group('Why', [entry('When you need it', '/why')]),
  group('Before you start', [entry('What you need first', '/before')]),
  group('Your first event', [entry('Try it without an account', '/dev')]),
  group('Into your application', [
    entry('Choose your stack', '/start/'),
    entry('React', '/start/react'),
    entry('Next', '/start/next'),
    entry('Vue', '/start/vue'),
    entry('Svelte', '/start/svelte'),
    entry('Solid', '/start/solid'),
    entry('Angular', '/start/angular'),
    entry('Astro', '/start/astro'),
    entry('Express', '/start/express'),
    entry('Hono', '/start/hono'),
    entry('Plain HTML', '/start/html'),
    entry('Custom element', '/start/element'),
    entry('On a phone', '/start/phone'),
  ]),
  group('Does it work?', [entry('Examine a deployment', '/doctor'), entry('The inspector', '/inspector')]),
  group('Troubleshooting', [entry('By symptom', '/troubleshooting'), entry('By error', '/errors')]),
  group('Reading the numbers', [
    entry('What the numbers mean', '/numbers'),
    entry('The operator’s page', '/operator'),
  ]),
  group('Hosting', [
    entry('Running the proxy', '/operations'),
    entry('Postgres', '/postgres'),
    entry('Behind nginx', '/recipes/nginx'),
    entry('Behind Caddy', '/recipes/caddy'),
    entry('Behind Apache', '/recipes/apache'),
    entry('On Cloudflare', '/recipes/cloudflare'),
    entry('On Vercel', '/recipes/vercel'),
    entry('On Netlify', '/recipes/netlify'),
    entry('On AWS', '/recipes/aws'),
    entry('As a container', '/recipes/docker'),
    entry('As a service of systemd', '/recipes/systemd'),
    entry('Alerts by Prometheus', '/recipes/prometheus'),
    entry('Under strict policies', '/recipes/policies'),
  ]),
  group('Reference', [
    entry('What counts', '/counts'),
    entry('The tracker in your pages', '/tracker'),
    entry('Options of the tracker', '/reference/tracker'),
    entry('Settings of one offer', '/reference/offer'),
    entry('Attributes', '/reference/attributes'),
    entry('Options of the proxy', '/reference/proxy'),
    entry('Options for setting up', '/reference/setup'),
    entry('The command line', '/reference/command-line'),
    entry('Metrics', '/reference/metrics'),
    entry('Alerts', '/reference/alerts'),
  ]),
  group('Promise, faults and attacks', [
    entry('The delivery promise', '/delivery'),
    entry('Attacks', '/attacks'),
    entry('Privacy', '/privacy'),
  ]),
  group('About the project', [
    entry('Architecture', '/architecture'),
    entry('Contributing', '/contributing'),
    entry('Security', '/security'),
    entry('Upgrading', '/upgrading'),
    entry('Changelog', '/changelog'),
  ]),
];

/**
 * @param {readonly Item[]} items
 * @returns {string[]}
 */
const linksOf = (items) =>
  items.flatMap(({ link, items: below = [] }) => [link ?? [], linksOf(below)].flat());

/** Every page that the sidebar leads to. */
export const sidebarLinks = linksOf(sidebar);
