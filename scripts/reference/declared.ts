/** Reads type, default, range and example of each option from the comments in src. */
import ts from 'typescript';

/** One option, from its declaration. */
export interface Option {
  /** Its name after those of its parents, such as `viewability.ratio`. */
  readonly name: string;
  readonly type: string;
  /** What it does: the comment before its tags. */
  readonly says: string;
  readonly isRequired: boolean;
  /** Texts of the tags `@default`, `@range` and `@example`; undefined if there is no such tag. */
  readonly fallback: string | undefined;
  readonly range: string | undefined;
  readonly example: string | undefined;
}

/** The text of a comment or of a tag, in one line. */
export const textOf = (comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string =>
  (ts.getTextOfJSDocComment(comment) ?? '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();

const tagsOf = (node: ts.Node): ReadonlyMap<string, string> =>
  new Map(ts.getJSDocTags(node).map((tag) => [tag.tagName.text, textOf(tag.comment)]));

/** Reads interfaces of one program. */
export const readDeclarations = (files: readonly string[]) => {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();

  const interfaceOf = (file: string, name: string): ts.Type => {
    const source = program.getSourceFile(file);
    const found = source?.statements.find(
      (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
    );
    if (!found) throw new Error(`${file} declares no interface ${name}.`);
    return checker.getTypeAtLocation(found);
  };

  const typeText = (node: ts.PropertySignature): string => {
    const type = checker.getNonNullableType(checker.getTypeAtLocation(node));
    // The values themselves say more than the name of their type.
    if (type.isUnion() && type.types.every((each) => !(each.flags & ts.TypeFlags.Object)))
      return type.flags & ts.TypeFlags.Boolean
        ? 'boolean'
        : type.types.map((each) => checker.typeToString(each).replaceAll('"', "'")).join(' | ');
    return (node.type?.getText() ?? '')
      .replace(/ \| undefined$/, '')
      .replace(/^\((.*)\)$/s, (whole, inner: string) => (/^\([^()]*\) => /.test(whole) ? whole : inner))
      .replace(/\s+/g, ' ');
  };

  /** Members with comments of their own replace the option that they are in. */
  const membersOf = (node: ts.PropertySignature): readonly ts.PropertySignature[] =>
    checker
      .getPropertiesOfType(checker.getNonNullableType(checker.getTypeAtLocation(node)))
      .flatMap((each) => each.declarations ?? [])
      .filter(ts.isPropertySignature)
      .filter((each) => tagsOf(each).has('range'));

  const optionsOf = (node: ts.PropertySignature, prefix: string): readonly Option[] => {
    const name = `${prefix}${node.name.getText()}`;
    const tags = tagsOf(node);
    const members = tags.has('range') ? [] : membersOf(node);
    if (members.length) return members.flatMap((each) => optionsOf(each, `${name}.`));
    const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
    return [
      {
        name,
        type: typeText(node),
        says: textOf(comment?.comment),
        isRequired: node.questionToken === undefined && !tags.has('default'),
        fallback: tags.get('default'),
        range: tags.get('range'),
        example: tags.get('example')?.replace(/^`(.*)`$/s, '$1'),
      },
    ];
  };

  /** The options of an interface, with those that it inherits, in the order of their declarations. */
  return (file: string, name: string): readonly Option[] =>
    checker
      .getPropertiesOfType(interfaceOf(file, name))
      .flatMap((each) => each.declarations ?? [])
      .filter(ts.isPropertySignature)
      .flatMap((node) => optionsOf(node, ''));
};
