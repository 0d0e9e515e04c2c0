import { readFileSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import typescript from '@rollup/plugin-typescript';
import { createTranspiler } from './scripts/transpile.mjs';

/** For bundles: the modules for npm are made of the same files, and their types are checked there. */
const transpile = createTranspiler(process.cwd());

/** A warning is a fault of ours: the build stops instead of shipping it. */
const onwarn = (warning) => {
  throw Object.assign(new Error(warning.message), warning);
};

const MINIFY = {
  ecma: 2022,
  module: true,
  compress: { passes: 2, inline: 1, unsafe: true, unsafe_arrows: true, unsafe_methods: true },
  // A classic file is read in the encoding of its page.
  format: { comments: false, ascii_only: true },
};

/**
 * Most functions are called as a page loads. Chromium from 136 on then compiles them beside the download, not each at its first call:
 * https://v8.dev/blog/explicit-compile-hints
 */
const ALL_CALLED = '//# allFunctionsCalledOnLoad';

/** Puts a file of src in the place of another. */
const replacing = (from, to) => ({
  name: 'replacing',
  resolveId: (specifier, importer) =>
    importer && resolvePath(dirname(importer), specifier) === resolvePath(from) ? resolvePath(to) : null,
});

/**
 * Makes a file that loads nothing else at once.
 * @param preamble Its first line.
 */
const alone = (input, file, { format, preamble }) => ({
  input,
  plugins: [
    replacing('src/client/later/delivery/post.js', 'src/client/later/delivery/post-script.ts'),
    replacing('src/client/asking.js', 'src/client/asking-script.ts'),
    resolve({ browser: true }),
    transpile(),
    // The second run shortens the names that the first one has inlined.
    terser(MINIFY),
    terser({ ...MINIFY, format: { ...MINIFY.format, preamble } }),
  ],
  output: { file, format, sourcemap: true, inlineDynamicImports: true },
  onwarn,
});

/** What the script file imports from beside itself when a page asks for it. */
const beside = (input, file) => ({
  input,
  plugins: [resolve({ browser: true }), transpile(), terser(MINIFY)],
  output: { file, format: 'es', sourcemap: true },
  onwarn,
});

/** The script of the operator's live view. */
const liveView = beside('src/proxy/operator/page/live/live.tsx', 'dist/proxy/operator/page/live/live.js');

/** The live page of `offersight dev`: its script, and beside it what is served as it is. */
const livePage = () => {
  const { input, plugins, output, onwarn } = beside(
    'src/tools/dev/live/page.ts',
    'dist/tools/dev/live/page.js',
  );
  const carrying = {
    name: 'carrying',
    generateBundle() {
      for (const fileName of ['page.html', 'page.css'])
        this.emitFile({ type: 'asset', fileName, source: readFileSync(`src/tools/dev/live/${fileName}`) });
    },
  };
  return { input, plugins: [...plugins, carrying], output, onwarn };
};

export default [
  {
    // npm: one ES module per room, types beside it, dependencies left to the user's bundler.
    input: {
      ...Object.fromEntries(
        ['element', 'react', 'solid', 'svelte', 'vue'].map((name) => [
          `adapters/${name}`,
          `src/adapters/${name}.ts`,
        ]),
      ),
      index: 'src/index.ts',
      'tools/inspector/inspector': 'src/tools/inspector/inspector.ts',
      'proxy/cli': 'src/proxy/cli.ts',
      'proxy/index': 'src/proxy/index.ts',
      'proxy/intake/postgres/postgres': 'src/proxy/intake/postgres/postgres.ts',
      'proxy/intake/sqlite/sqlite': 'src/proxy/intake/sqlite/sqlite.ts',
      'proxy/node': 'src/proxy/node.ts',
      'service-worker': 'src/service-worker.ts',
      testing: 'src/testing.ts',
      'testing/node': 'src/testing/node.ts',
    },
    external: [/^[^./]/],
    plugins: [
      typescript({
        tsconfig: './tsconfig.build.json',
        outDir: 'dist',
        declaration: true,
        declarationDir: 'dist',
      }),
    ],
    output: {
      dir: 'dist',
      format: 'es',
      sourcemap: true,
      preserveModules: true,
      preserveModulesRoot: 'src',
      entryFileNames: '[name].js',
    },
    onwarn,
  },
  // Script tag and importScripts: classic files.
  alone('src/script.ts', 'dist/offersight.js', {
    format: 'iife',
    preamble: ALL_CALLED,
  }),
  alone('src/service-worker.ts', 'dist/offersight-worker.js', { format: 'iife' }),
  alone('src/client/later/offer-part.ts', 'dist/offersight-offers.js', {
    format: 'es',
  }),
  beside('src/client/later/closing/closing-part.ts', 'dist/offersight-closing.js'),
  beside('src/client/later/more/more.ts', 'dist/offersight-more.js'),
  beside('src/client/later/debug/debug.ts', 'dist/offersight-debug.js'),
  beside('src/tools/inspector/inspector.ts', 'dist/offersight-inspector.js'),
  livePage(),
  liveView,
];
