import tseslint from 'typescript-eslint';

/** What one room names for all others, so that a test can bring its own. `Date.parse` reads text, no clock. */
const MACHINE = ['performance', 'setTimeout', 'setInterval', 'clearTimeout', 'fetch', 'crypto', 'navigator'];
const PAGE = ['window', 'document', 'location', 'localStorage', 'indexedDB', 'requestAnimationFrame'];
const message = 'Another room is the door to it.';
const ban = (...names) => ['error', ...names.map((name) => ({ name, message }))];
const banned = (...properties) => [
  'error',
  ...properties.map(([object, property]) => ({ object, property, message })),
];

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'test-results',
      'reference',
      'demo/public',
      'docs/.vitepress/{cache,dist}',
      'e2e/apps',
      'e2e/fixtures/releases',
      'test/types/{page,server}',
    ],
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A transaction's error is a DOMException, or null.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // Hosts without types call us too.
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // The platform's types promise what older browsers lack, and no room here uses `this`.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowNullish: true },
      ],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  // Matchers such as expect.any() are typed as any.
  { files: ['test/**/*.ts', 'e2e/**/*.ts'], rules: { '@typescript-eslint/no-unsafe-assignment': 'off' } },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: [
      'src/runtime.ts',
      'src/client/later/background-sync.ts',
      'src/proxy/node.ts',
      'src/proxy/cli/**',
      'src/proxy/cli.ts',
    ],
    rules: {
      'no-restricted-globals': ban(...MACHINE),
      'no-restricted-properties': banned(['Date', 'now'], ['Math', 'random']),
    },
  },
  {
    files: [
      'src/protocol/**',
      'src/client/outbox/**',
      'src/client/later/outbox/**',
      'src/client/later/delivery/**',
      'src/proxy/**',
    ],
    // The script of a view is a browser's.
    ignores: ['src/proxy/node.ts', 'src/proxy/operator/page/live/*', 'src/client/outbox/indexeddb.ts'],
    rules: { 'no-restricted-globals': ban(...MACHINE, ...PAGE) },
  },
  // The room that authenticates messages, and the one that makes an id of a name.
  {
    files: ['src/proxy/judging/{mac,reporting}.ts'],
    rules: { 'no-restricted-globals': ban(...MACHINE.filter((name) => name !== 'crypto'), ...PAGE) },
  },
);
