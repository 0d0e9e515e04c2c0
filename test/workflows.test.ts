/** The workflows run only pinned actions, have no more rights than they need, and publish nothing untested. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lastOfEachMinor, leadTo, pathOf } from '../scripts/docs-versions.mjs';

const FOLDER = '.github/workflows';
const workflows = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(join(FOLDER, name), 'utf8'),
}));

/** The jobs of a workflow, as text, by name. */
const jobsOf = (text: string): ReadonlyMap<string, string> => {
  const [, jobs = ''] = text.split(/^jobs:\n/m);
  const each = jobs.split(/^ {2}(?=[\w-]+:$)/m).slice(1);
  return new Map(each.map((job) => [job.slice(0, job.indexOf(':')), job]));
};

const all = workflows.flatMap(({ name, text }) =>
  [...jobsOf(text)].map(([job, body]) => ({ job: `${name} ${job}`, body })),
);
const bodyOf = (job: string): string => all.find((each) => each.job === job)?.body ?? '';
const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, first = '']) => first.trim());

describe('the workflows', () => {
  it('are three, with their jobs', () => {
    expect(all.map(({ job }) => job)).toEqual([
      'ci.yml all',
      'ci.yml units',
      'docs.yml build',
      'docs.yml deploy',
      'publish.yml checks',
      'publish.yml pack',
      'publish.yml publish',
      'publish.yml site',
    ]);
  });

  it.each(workflows)(
    'of $name run actions by the hash of a commit, and say which version that is',
    ({ text }) => {
      const foreign = found(text, /\buses:(.*)$/gm).filter((used) => !used.startsWith('./'));
      for (const used of foreign) expect(used).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    },
  );

  it('run one version of an action', () => {
    const used = new Set(workflows.flatMap(({ text }) => found(text, /\buses: ([^.].*)$/gm)));
    const actions = [...used].map((each) => each.split('@', 1)[0]);
    expect(actions.length).toBeGreaterThan(3);
    expect(actions).toEqual([...new Set(actions)]);
  });

  /** What a workflow may write. Only those that publish may write: packages by trust, and pages. */
  const WRITES: Readonly<Record<string, readonly string[]>> = {
    'docs.yml': ['pages', 'id-token'],
    // Its own rights, and those that it lends to the other workflow.
    'publish.yml': ['id-token', 'pages', 'id-token'],
  };

  it.each(workflows)('may read, and write only what they publish: $name', ({ name, text }) => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
    expect(text).toMatch(/^concurrency:\n/m);
    expect(found(text, /^ +([\w-]+): write\b/gm)).toEqual(WRITES[name] ?? []);
    expect(text).not.toMatch(/pull_request_target|workflow_run|secrets|_TOKEN|write-all/);
  });

  it.each(workflows)('leave no credentials behind a checkout: $name', ({ text }) => {
    const checkouts = found(text, /uses: (actions\/checkout)@/g).length;
    expect(found(text, /(persist-credentials: false)/g)).toHaveLength(checkouts);
  });

  it('do not put any part of an event into a command', () => {
    for (const { text } of workflows) {
      const commands = found(text, /\brun: (?!\|)(.*)$/gm).concat(
        found(text, /\brun: \|\n((?: {10}.*\n)+)/g),
      );
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.filter((command) => command.includes('${{'))).toEqual([]);
    }
  });

  it.each(all.filter(({ body }) => body.includes('runs-on:')))('end $job in bounded time', ({ body }) => {
    expect(body).toMatch(/^ {4}timeout-minutes: \d+$/m);
    expect(body).toMatch(/^ {4}runs-on: ubuntu-\d/m);
  });
});

describe('continuous integration', () => {
  it('runs the commands of .ci/run beside each other, on the oldest Node that is supported', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(bodyOf('ci.yml all')).toContain(`node-version: ${engines.node.replace('>=', '')}\n`);
    expect(bodyOf('ci.yml all')).toContain('leg: [test, proof]\n');
    expect(bodyOf('ci.yml all')).toMatch(/- run: npm run "\$LEG"\n +env:\n +LEG: \$\{\{ matrix\.leg \}\}\n/);
    const script = readFileSync('.ci/run', 'utf8');
    for (const command of ['npm ci && npm test\n', 'npm run proof\n', 'node scripts/total.mjs test proof\n'])
      expect(script).toContain(command);
  });
});

describe('publishing', () => {
  it('waits for everything that CI runs', () => {
    expect(bodyOf('publish.yml checks')).toContain(`uses: ./${FOLDER}/ci.yml\n`);
    expect(bodyOf('publish.yml pack')).toMatch(/^ {4}needs: checks$/m);
    expect(bodyOf('publish.yml publish')).toMatch(/^ {4}needs: pack$/m);
    expect(workflows.map(({ text }) => text).join('\n')).not.toMatch(/^ *(if|continue-on-error):/m);
  });

  it('is the only job that may identify itself to npm, and runs only `npm publish`', () => {
    // The site is deployed by another workflow, to another environment, which npm does not trust.
    expect(all.filter(({ body }) => body.includes('id-token: write')).map(({ job }) => job)).toEqual([
      'docs.yml deploy',
      'publish.yml publish',
      'publish.yml site',
    ]);
    expect(all.filter(({ body }) => body.includes('environment: npm')).map(({ job }) => job)).toEqual([
      'publish.yml publish',
    ]);
    expect(found(bodyOf('publish.yml publish'), /\brun:(.*)$/gm)).toEqual([
      'npm publish ./*.tgz --provenance --access public',
    ]);
    expect(bodyOf('publish.yml publish')).not.toContain('actions/checkout');
  });

  it('packs a manifest that names the repository, its page and its issues, which are known nowhere else', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['repository']));
    for (const set of [
      'repository.type=git "repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"',
      '"homepage=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY#readme"',
      '"bugs.url=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/issues"',
    ])
      expect(bodyOf('publish.yml pack')).toContain(set);
  });

  it('asks first whether the tag may be published', () => {
    expect(bodyOf('publish.yml pack')).toContain('run: node scripts/release.mjs "$GITHUB_REF_NAME"\n');
  });
});

describe('the site', () => {
  it('is published once the package is', () => {
    expect(bodyOf('publish.yml site')).toMatch(/^ {4}needs: publish$/m);
    expect(bodyOf('publish.yml site')).toContain(`uses: ./${FOLDER}/docs.yml\n`);
  });

  it('is built without the right to deploy it, and deployed without running our code', () => {
    expect(bodyOf('docs.yml build')).not.toContain('write');
    expect(bodyOf('docs.yml build')).toContain('run: node scripts/docs-versions.mjs site\n');
    // The site needs the tag of every version.
    expect(bodyOf('docs.yml build')).toContain('fetch-depth: 0\n');
    expect(found(bodyOf('docs.yml deploy'), /\b(?:run|uses):(.*)$/gm)).toEqual([
      expect.stringMatching(/^actions\/deploy-pages@/),
    ]);
  });

  it('has the last release of every minor version, the newest first', () => {
    expect(
      lastOfEachMinor(['v0.9.0', 'v0.10.0', 'v0.9.2', 'v0.9.10', 'v1.0.0-rc.1', 'v1.0.0', 'tag/0.1', '']),
    ).toEqual([
      { minor: '1.0', tag: 'v1.0.0' },
      { minor: '0.10', tag: 'v0.10.0' },
      { minor: '0.9', tag: 'v0.9.10' },
    ]);
  });

  it('is where the repository’s pages are, and its root leads to the newest version', () => {
    expect(pathOf('owner/offersight')).toBe('/offersight/');
    expect(pathOf('Owner/owner.github.io')).toBe('/');
    expect(leadTo('/offersight/1.0/')).toContain('url=/offersight/1.0/"');
  });
});

describe('a tag', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the check says about a tag in a repository of version 1.2.3. */
  const judge = (
    tag: string,
    { changelog = '# Changelog\n\n## 1.2.3\n\n- New.\n', locked = '1.2.3' } = {},
  ) => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1.2.3' }));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ version: locked }));
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/release.mjs'), tag], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  };

  it('may be published if it has the changelog’s version', () => {
    expect(judge('v1.2.3')).toEqual({ status: 0, said: 'v1.2.3 may be published\n' });
  });

  it('may not be published if it has another version', () => {
    expect(judge('v1.2.4')).toEqual({
      status: 1,
      said: 'The tag is v1.2.4, and the version 1.2.3: it has to be v1.2.3.\n',
    });
    expect(judge('1.2.3').status).toBe(1);
  });

  it('may not be published if the changelog does not name it', () => {
    for (const changelog of [
      '# Changelog\n',
      '# Changelog\n\n## 1.2.30\n\n- New.\n',
      '# Changelog\n\n## 1.2.3\n',
    ])
      expect(judge('v1.2.3', { changelog })).toEqual({
        status: 1,
        said: 'CHANGELOG.md has no section "## 1.2.3" with what is new.\n',
      });
  });

  it('may not be published if it differs from the lock file’s version', () => {
    expect(judge('v1.2.3', { locked: '1.2.2' }).status).toBe(1);
  });
});
