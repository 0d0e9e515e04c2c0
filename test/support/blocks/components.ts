/** Reads components of the documents by the compilers of their frameworks. */
import { compile as compileSvelte } from 'svelte/compiler';
import { compileScript, compileTemplate, parse as parseVue } from 'vue/compiler-sfc';

const lineIn = (error: unknown): number =>
  ((error as { loc?: { start?: { line: number } } }).loc?.start?.line ?? 1) - 1;

export const faultsOfVue = (text: string): number[] => {
  const { descriptor, errors } = parseVue(text, { ignoreEmpty: false });
  if (errors.length) return errors.map(lineIn);
  const { script, scriptSetup, template } = descriptor;
  try {
    const id = 'block';
    const compiled = script || scriptSetup ? compileScript(descriptor, { id }) : undefined;
    if (!template) return [];
    return compileTemplate({
      id,
      filename: 'block.vue',
      source: template.content,
      compilerOptions: {
        expressionPlugins: ['typescript'],
        // The names of the script are known, so what is not among them is a fault.
        ...(compiled?.bindings && { bindingMetadata: compiled.bindings, prefixIdentifiers: true }),
      },
    }).errors.map((error) => lineIn(error) + template.loc.start.line - 1);
  } catch (error) {
    return [lineIn(error)];
  }
};

export const faultsOfSvelte = (text: string): number[] => {
  try {
    compileSvelte(text, { generate: false });
    return [];
  } catch (error) {
    return [((error as { start?: { line: number } }).start?.line ?? 1) - 1];
  }
};

/** Astro's own parser is not here: its head and its scripts are read as scripts, and the rest as markup. */
export const markupOfAstro = (text: string): string =>
  text.replace(/^---\n[\s\S]*?^---$/m, (head) => head.replace(/[^\n]/g, ' '));
