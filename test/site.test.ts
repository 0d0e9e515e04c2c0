/** The check of the documentation notices what VitePress does not, in the Markdown and in the built pages. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { axeOf } from '../scripts/axe.mjs';
import { faultsOfSources, markdownFiles } from '../scripts/site-check.mjs';
import { faultsOfOutput } from '../scripts/site-output.mjs';

describe('the Markdown', () => {
  it('has links that lead somewhere, and the sidebar has every page', () => {
    expect(markdownFiles().length).toBeGreaterThan(40);
    expect(faultsOfSources()).toEqual([]);
  });

  /** What the check says once a line is added to a page. */
  const faultsWith = (added: string, file = 'docs/postgres.md'): string[] =>
    faultsOfSources(markdownFiles(), (each) => readFileSync(each, 'utf8') + (each === file ? added : ''));

  it.each([
    ['[a](gone.md)', 'docs/postgres.md: “gone.md” leads to no file.'],
    ['[a](../../outside.md)', 'docs/postgres.md: “../../outside.md” leads to no file.'],
    [
      '[a](doctor.md#gone)',
      'docs/postgres.md: “doctor.md#gone” names a heading that docs/doctor.md does not have.',
    ],
    ['[a](#gone)', 'docs/postgres.md: “#gone” names a heading that docs/postgres.md does not have.'],
    ['![a](gone.png)', 'docs/postgres.md: “gone.png” leads to no file.'],
    ['![](dev.png)', 'docs/postgres.md: the picture “dev.png” has no description.'],
    ['[a](/doctor)', 'docs/postgres.md: “/doctor” works on the site only. Make it relative.'],
    ['[![a](gone.png)](doctor.md)', 'docs/postgres.md: “gone.png” leads to no file.'],
    ['[a](gone.md "a title")', 'docs/postgres.md: “gone.md” leads to no file.'],
    ['[a][b]\n\n[b]: gone.md', 'docs/postgres.md: “gone.md” leads to no file.'],
    [
      '[b]\n\n[b]: doctor.md#gone "a title"',
      'docs/postgres.md: “doctor.md#gone” names a heading that docs/doctor.md does not have.',
    ],
    ['[a][gone]', 'docs/postgres.md: “[a][gone]” names an address that the page does not define.'],
    ['[`a`][gone]', 'docs/postgres.md: “[][gone]” names an address that the page does not define.'],
    ['<a href="gone.md">a</a>', 'docs/postgres.md: “gone.md” leads to no file.'],
    [
      "<p>\n<a class=x href='doctor.md#gone'>a</a>\n</p>",
      'docs/postgres.md: “doctor.md#gone” names a heading that docs/doctor.md does not have.',
    ],
    ['<img src="gone.png" alt="A">', 'docs/postgres.md: “gone.png” leads to no file.'],
    ['<img src="dev.png">', 'docs/postgres.md: the picture “dev.png” has no description.'],
    ['> - [a](gone.md)', 'docs/postgres.md: “gone.md” leads to no file.'],
  ])('is reported if it gets %s', (added, fault) => {
    expect(faultsWith(`\n\n${added}\n`)).toEqual([fault]);
  });

  it.each([
    '`[a](gone.md)`',
    '```md\n[a](gone.md)\n```',
    '~~~md\n[a](gone.md)\n~~~',
    '> ```md\n> [a](gone.md)\n> ```',
    '[a](https://example.com/gone)',
    '[a](doctor.md)',
    '[a](doctor.md "A title")',
    '[a][b]\n\n[b]: doctor.md',
  ])('that gets %s is right', (added) => {
    expect(faultsWith(`\n\n${added}\n`)).toEqual([]);
  });

  it.each([
    ['/gone', '“/gone” leads to no page of the site.'],
    ['/dev#gone', '“/dev#gone” names a heading that docs/dev.md does not have.'],
    ['start', '“start” leads to no page of the site.'],
  ])('is reported if the front matter of the home page leads to %s', (link, fault) => {
    const home = 'docs/site/index.md';
    const read = (file: string): string => {
      const text = readFileSync(file, 'utf8');
      return file === home ? text.replace('link: /dev\n', `link: ${link}\n`) : text;
    };
    expect(faultsOfSources(markdownFiles(), read)).toEqual([`${home}: ${fault}`]);
  });

  it('is reported if the sidebar lacks a new page, or has a line without a page', () => {
    const read = (): string => '# A page\n';
    expect(faultsOfSources(['docs/new.md', 'docs/old.md'], read, ['/old', '/old', '/gone'])).toEqual([
      'The sidebar lacks /new: add it to docs/.vitepress/sidebar.mjs.',
      'The sidebar leads to /gone, which is no page.',
      'The sidebar has /old twice.',
    ]);
  });
});

describe('the built pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-site-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'start'));
  writeFileSync(join(folder, 'picture.png'), '');
  writeFileSync(join(folder, 'start', 'index.html'), '<h2 id="first">First</h2>');

  const faultsOf = (html: string): string[] => {
    writeFileSync(join(folder, 'index.html'), html);
    return faultsOfOutput(folder, '/0.2/').faults;
  };

  it('are right if they lead to each other', () => {
    const html = `<h1 id="a-b">A</h1><a href="#a-b">x</a><a href="/0.2/start/#first">x</a><a href="./start/index.html">x</a>
      <img src="/0.2/picture.png" alt="A picture"><a href="https://example.com/">x</a>`;
    expect(faultsOf(html)).toEqual([]);
    expect(faultsOfOutput(folder, '/0.2/').pages).toBe(2);
  });

  it.each([
    ['<a href="/0.2/gone.html">x</a>', 'index.html: “/0.2/gone.html” leads nowhere.'],
    [
      '<a href="/0.2/start/#second">x</a>',
      'index.html: “/0.2/start/#second” names a heading that is not there.',
    ],
    ['<a href="#gone">x</a>', 'index.html: “#gone” names a heading that is not there.'],
    ["<a class=x href='gone.html'>x</a>", 'index.html: “gone.html” leads nowhere.'],
    ['<img src="/0.2/gone.png" alt="A">', 'index.html: “/0.2/gone.png” leads nowhere.'],
    ['<img src="/0.2/picture.png">', 'index.html: a picture has no description: <img src="/0.2/picture.png"'],
    [
      '<link href="https://fonts.example.com/a.css">',
      'index.html: <link href="https://fonts.example.com/a.css" asks another host.',
    ],
    [
      '<script src="//cdn.example.com/a.js">',
      'index.html: <script src="//cdn.example.com/a.js" asks another host.',
    ],
  ])('are reported if they have %s', (html, fault) => {
    expect(faultsOf(html)).toEqual([fault]);
  });
});

describe('axe', () => {
  const pageWith = (...frames: string[]) =>
    ({
      url: () => 'http://site.test/page',
      frames: () => frames.map((url) => ({ url: () => url })),
    }) as unknown as Parameters<typeof axeOf>[0];

  it('looks at a page with frames of its own', () => {
    expect(() =>
      axeOf(pageWith('http://site.test/page', '', 'about:srcdoc', 'http://site.test/frame')),
    ).not.toThrow();
  });

  it.each(['http://other.test/', 'http://site.test:81/', 'data:text/html,x'])(
    'refuses a page with the frame %s, which it could not see into',
    (frame) => {
      expect(() => axeOf(pageWith('http://site.test/page', frame))).toThrow(frame);
    },
  );
});
