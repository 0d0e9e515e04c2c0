/** Runs the rules over one file by textlint, whose kernel reads Markdown; our own plugin reads sources. */
import type { TxtNode } from '@textlint/ast-node-types';
import { TextlintKernel } from '@textlint/kernel';
import imported from '@textlint/textlint-plugin-markdown';
import type { TextlintPluginCreator, TextlintRuleReporter } from '@textlint/types';
import { formatOf } from './files.js';
import { SAYING, saidBy } from './markdown.js';
import { type Kind, passageOf } from './passage.js';
import { RULES, type Rule } from './rules.js';
import { isSaid, SOURCE, sourcePlugin } from './sources.js';

/** One fault of a file. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
  readonly kind: Kind;
  readonly message: string;
}

const ruleOf =
  ({ check }: Rule): TextlintRuleReporter =>
  (context) => {
    const read = (node: TxtNode): void => {
      for (const said of isSaid(node) ? [node.said] : saidBy(node)) {
        const passage = passageOf(said.kind, said.pieces);
        for (const { index, message } of check(passage)) {
          const at = passage.offsetOf(index) - node.range[0];
          context.report(node, { message, padding: context.locator.range([at, at + 1]), data: said.kind });
        }
      }
    };
    return Object.fromEntries(SAYING.map((type) => [type, read]));
  };

// Some loaders unwrap the default export of this CommonJS package, others do not.
const { default: unwrapped = imported as unknown as TextlintPluginCreator } = imported as {
  readonly default?: TextlintPluginCreator;
};

const kernel = new TextlintKernel();

/** Finds what is wrong with a file's English. The text is the file's unless another one is given. */
export const lint = async (file: string, text: string): Promise<readonly Finding[]> => {
  const { messages } = await kernel.lintText(text, {
    ext: formatOf(file) === 'document' ? '.md' : SOURCE,
    filePath: file,
    plugins: [
      { pluginId: 'markdown', plugin: unwrapped },
      { pluginId: 'source', plugin: sourcePlugin },
    ],
    rules: RULES.map((rule) => ({ ruleId: rule.id, rule: ruleOf(rule) })),
  });
  return messages.map(({ loc, ruleId, message, data }) => ({
    ...{ file, line: loc.start.line, column: loc.start.column, rule: ruleId, message },
    kind: (data as { data: Kind }).data,
  }));
};
