/** The declarations that the reference has, and the call around each example. */

/** One interface and how its options are given. */
export interface OptionSource {
  /** The heading, which no other source of its page has. */
  readonly title: string;
  readonly file: string;
  readonly name: string;
  /** One sentence about the whole. */
  readonly about: string;
  /** The lines that have to come before the example, such as imports. */
  readonly before?: string;
  /** The example's call, around the text of an object's members. */
  readonly call: (members: string) => string;
  /** Members that the call requires, beside the one that is shown. */
  readonly needed?: Readonly<Record<string, string>>;
}

/** One page of options. */
export interface OptionPage {
  /** Below docs/reference. */
  readonly page: string;
  readonly title: string;
  readonly about: string;
  readonly sources: readonly OptionSource[];
}

const PROXY = {
  site: "'acme-test'",
  apiKey: 'secrets.apiKey',
  intake: 'directIntake()',
  'usage.subscriptionFor': "() => 'sub-4711'",
};
/** Where a server of one's own has them. */
const SECRETS = "declare const secrets: Readonly<Record<'apiKey' | 'signing' | 'admin', string>>;";
const PROXY_BEFORE = "import { createOfferProxy, directIntake } from 'offersight/proxy';";

/** Every page of options, in the order of the sidebar. */
export const OPTION_PAGES: readonly OptionPage[] = [
  {
    page: 'tracker',
    title: 'Options of the tracker',
    about:
      'The options of `createOfferTracker`. All of them may be left out. [The tracker in your pages](../tracker.md) shows how they work together, and [attributes](attributes.md) has the same for a script tag.',
    sources: [
      {
        title: 'createOfferTracker',
        file: 'src/client/options.ts',
        name: 'TrackerOptions',
        about: 'Options with a dot in their name are members of an object.',
        before: "import { createOfferTracker } from 'offersight';",
        call: (members) => `createOfferTracker(${members});`,
      },
    ],
  },
  {
    page: 'offer',
    title: 'Settings of one offer',
    about:
      'These settings may differ from offer to offer, for `tracker.observe`, `offerAttributes`, and the adapters. A setting that is left out follows the options of the tracker.',
    sources: [
      {
        title: 'observe',
        file: 'src/client/detect/placement.ts',
        name: 'ObservedOffer',
        about: 'The settings are the second argument of `tracker.observe`.',
        before:
          "import { createOfferTracker } from 'offersight';\n\nconst tracker = createOfferTracker({});\nconst element = document.body;",
        call: (members) => `tracker.observe(element, ${members});`,
      },
    ],
  },
  {
    page: 'proxy',
    title: 'Options of the proxy',
    about:
      'The options of `createOfferProxy` and of what stands around it in a server of yours. The process of its own has [flags](command-line.md).',
    sources: [
      {
        title: 'createOfferProxy',
        file: 'src/proxy/options.ts',
        name: 'OfferProxyOptions',
        about: 'An unknown option is refused when the proxy is created, and so is a value out of its range.',
        before: `${PROXY_BEFORE}\nimport type { Runtime } from 'offersight/proxy';\n\ndeclare const runtime: Runtime;\n${SECRETS}`,
        call: (members) => `createOfferProxy(${members});`,
        needed: PROXY,
      },
      {
        title: 'sqliteIntake',
        file: 'src/proxy/intake/sqlite/sqlite.ts',
        name: 'SqliteIntakeOptions',
        about: 'An intake in a file of this machine. It needs the package `libsql`.',
        before: "import { sqliteIntake } from 'offersight/proxy/sqlite';",
        call: (members) => `sqliteIntake(${members});`,
        needed: { file: "'/var/lib/offersight/intake.db'" },
      },
      {
        title: 'postgresIntake',
        file: 'src/proxy/intake/postgres/postgres.ts',
        name: 'PostgresIntakeOptions',
        about: 'An intake in [Postgres](../postgres.md). It needs the package `pg`.',
        before: "import { postgresIntake } from 'offersight/proxy/postgres';",
        call: (members) => `postgresIntake(${members});`,
        needed: { connection: "'postgres://offersight@localhost:5432/shop'" },
      },
      {
        title: 'directIntake',
        file: 'src/proxy/intake/direct/direct.ts',
        name: 'DirectIntakeOptions',
        about: 'An intake without storage: it forwards before it answers.',
        before: "import { directIntake } from 'offersight/proxy';",
        call: (members) => `directIntake(${members});`,
      },
      {
        title: 'toNodeListener',
        file: 'src/proxy/node.ts',
        name: 'NodeListenerOptions',
        about: 'The second argument of `toNodeListener`.',
        before: `${PROXY_BEFORE}\nimport { toNodeListener } from 'offersight/proxy/node';\n\n${SECRETS}\nconst proxy = createOfferProxy({ site: ${PROXY.site}, apiKey: ${PROXY.apiKey}, intake: ${PROXY.intake} });`,
        call: (members) => `toNodeListener(proxy, ${members});`,
      },
      {
        title: 'createOfferServer',
        file: 'src/proxy/node.ts',
        name: 'OfferServerOptions',
        about: 'The second argument of `createOfferServer`.',
        before:
          "import { createOfferServer } from 'offersight/proxy/node';\n\nconst listener = () => undefined;",
        call: (members) => `createOfferServer(listener, ${members});`,
      },
      {
        title: 'createOfferAdmin',
        file: 'src/proxy/operator/admin.ts',
        name: 'OfferAdminOptions',
        about: 'The route for [operators](../operator.md) in a server of yours.',
        before: `import { createOfferAdmin, createOfferProxy } from 'offersight/proxy';\nimport { sqliteIntake } from 'offersight/proxy/sqlite';\n\n${SECRETS}\nconst intake = sqliteIntake({ file: 'intake.db' });\nconst proxy = createOfferProxy({ site: 'acme-test', apiKey: 'test_key', intake });`,
        call: (members) => `createOfferAdmin(${members});`,
        needed: { intake: 'intake', token: 'secrets.admin' },
      },
      {
        title: 'inspectLink',
        file: 'src/proxy/authorize/inspecting.ts',
        name: 'InspectLinkOptions',
        about:
          'The second argument of `inspectLink`, which makes a link to [the inspector](../inspector.md).',
        before: `import { inspectLink } from 'offersight/proxy';\n\n${SECRETS}`,
        call: (members) => `await inspectLink('https://shop.example/', ${members});`,
        needed: { secret: 'secrets.admin' },
      },
    ],
  },
  {
    page: 'setup',
    title: 'Options for setting up',
    about: 'Help for setting pages up: the mock of Chargebee’s API and the inspector.',
    sources: [
      {
        title: 'startDev',
        file: 'src/tools/dev/options.ts',
        name: 'DevOptions',
        about: 'The same as `offersight dev`, for [end-to-end tests](../dev.md#your-own-end-to-end-tests).',
        before: "import { startDev } from 'offersight/testing/node';",
        call: (members) => `await startDev(${members});`,
      },
      {
        title: 'openInspector',
        file: 'src/tools/inspector/inspector.ts',
        name: 'InspectorOptions',
        about: 'Opens [the inspector](../inspector.md) by code.',
        before: "import { openInspector } from 'offersight/inspector';",
        call: (members) => `openInspector(${members});`,
      },
    ],
  },
];
