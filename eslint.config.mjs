import tseslint from 'typescript-eslint';

/** Globals that one room names for all others, so that a test can bring its own. */
const CLOCKS = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'clearTimeout',
  'fetch',
  'crypto',
  'navigator',
];
const PAGE = ['window', 'document', 'location', 'localStorage', 'indexedDB', 'requestAnimationFrame'];
const ban = (...names) => [
  'error',
  ...names.map((name) => ({ name, message: 'Another room is the door to it.' })),
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'test-results', 'demo/public'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
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
  {
    files: ['src/**/*.ts'],
    ignores: ['src/runtime.ts', 'src/locks.ts', 'src/proxy/node.ts'],
    rules: { 'no-restricted-globals': ban(...CLOCKS) },
  },
  {
    files: ['src/protocol/**', 'src/client/outbox/**', 'src/client/delivery/**', 'src/proxy/**'],
    ignores: ['src/proxy/node.ts', 'src/client/outbox/indexeddb.ts'],
    rules: { 'no-restricted-globals': ban(...CLOCKS, ...PAGE) },
  },
);
