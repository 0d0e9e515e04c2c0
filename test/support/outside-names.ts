/** Finds the names that code outside of a classic file may read. None of them may be shortened. */
import { resolve } from 'node:path';
import ts from 'typescript';

/** The names in the sources. */
export interface Names {
  /** Every property that a declaration of ours names. */
  readonly declared: ReadonlySet<string>;
  /** Those that must stay as they are, by the reason. */
  readonly outside: Readonly<Record<Reason, ReadonlySet<string>>>;
}

/** Why a name must stay. */
export type Reason =
  /** It can be reached from what `src/index.ts` exports, or from the wire. */
  | 'public'
  /** A cast says that it is in something that comes from elsewhere: storage, the page, the platform. */
  | 'foreign'
  /** A key of an object that no type of ours describes, such as a row of a table or what a tag manager gets. */
  | 'untyped'
  /** A string of the sources has it: perhaps an attribute, or a property that is read by a computed name. */
  | 'text'
  /** The language or the platform has a member or a global of that name. */
  | 'platform';

const isModuleName = ({ parent }: ts.Node): boolean =>
  ts.isImportDeclaration(parent) ||
  ts.isExportDeclaration(parent) ||
  (ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword);

const ENTRIES = ['src/index.ts', 'src/script.ts', 'src/service-worker.ts'];

/** Reads the client's sources. */
export const readNames = (): Names => {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const program = ts.createProgram(
    ENTRIES.map((file) => resolve(file)),
    { ...options, types: [] },
  );
  const checker = program.getTypeChecker();
  const src = `${resolve('src')}/`;
  // The inspector is in no classic file.
  const sources = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(src) && !fileName.startsWith(`${src}inspector/`));
  const libraries = program.getSourceFiles().filter((file) => program.isSourceFileDefaultLibrary(file));

  const declared = new Set<string>();
  const outside: Record<Reason, Set<string>> = {
    public: new Set(),
    foreign: new Set(),
    untyped: new Set(),
    text: new Set(),
    platform: new Set(),
  };

  const isOurs = (symbol: ts.Symbol | undefined): boolean =>
    !!symbol?.declarations?.some((node) => node.getSourceFile().fileName.startsWith(src));

  /** Adds the members of a type that are ours, and of every type that it leads to. */
  const follow = (type: ts.Type, names: Set<string>, seen: Set<ts.Type>): void => {
    if (seen.has(type)) return;
    seen.add(type);
    const further: ts.Type[] = [...(type.aliasTypeArguments ?? [])];
    if (type.isUnionOrIntersection()) further.push(...type.types);
    if (type.isClassOrInterface()) further.push(...checker.getBaseTypes(type));
    further.push(...checker.getTypeArguments(type as ts.TypeReference));
    further.push(...checker.getIndexInfosOfType(type).map((info) => info.type));
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      further.push(signature.getReturnType());
      further.push(...signature.parameters.map((parameter) => checker.getTypeOfSymbol(parameter)));
    }
    for (const property of checker.getPropertiesOfType(type).filter(isOurs)) {
      names.add(property.name);
      // Only the inspector reads it, whose words another test checks.
      if (property.name === 'inside') continue;
      further.push(checker.getTypeOfSymbol(property));
    }
    for (const each of further) follow(each, names, seen);
  };

  /** Whether a value has no type that we declare: then a cast of it names what others wrote. */
  const isForeign = (node: ts.Expression): boolean => {
    const type = checker.getTypeAtLocation(node);
    const parts = type.isIntersection() ? type.types : [type];
    return !parts.some((part) => isOurs(part.aliasSymbol ?? part.symbol));
  };

  const isDescribed = (literal: ts.ObjectLiteralExpression, name: string): boolean => {
    const type = checker.getContextualType(literal);
    const kinds = type?.isUnion() ? type.types : type ? [type] : [];
    return kinds.some((kind) => checker.getPropertyOfType(kind, name));
  };

  const index = resolve('src/index.ts');
  const seenInPublic = new Set<ts.Type>();
  for (const file of sources) {
    const module = checker.getSymbolAtLocation(file);
    const isPublic = file.fileName === index || file.fileName.startsWith(`${src}protocol/`);
    if (!module || !isPublic) continue;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      follow(checker.getDeclaredTypeOfSymbol(symbol), outside.public, seenInPublic);
      // Only the protocol's shapes are on the wire; the arguments of its functions are our own.
      if (file.fileName === index) follow(checker.getTypeOfSymbol(symbol), outside.public, seenInPublic);
    }
  }

  const seenInCasts = new Set<ts.Type>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeElement(node) && node.name) declared.add(node.name.getText());
    if (ts.isAsExpression(node) && isForeign(node.expression))
      follow(checker.getTypeFromTypeNode(node.type), outside.foreign, seenInCasts);
    if (ts.isObjectLiteralExpression(node))
      for (const { name } of node.properties) {
        const text = name?.getText();
        if (text && !isDescribed(node, text)) outside.untyped.add(text);
      }
    // The text of a type, or of an import, is not in what is built.
    const isBuilt = node.parent && !ts.isLiteralTypeNode(node.parent) && !isModuleName(node);
    if (isBuilt && (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)))
      for (const [word] of node.text.matchAll(/[\w$]+/g)) outside.text.add(word);
    ts.forEachChild(node, visit);
  };
  for (const file of sources) visit(file);

  const visitLibrary = (node: ts.Node): void => {
    const isNaming =
      ts.isTypeElement(node) || ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node);
    if (isNaming && node.name) outside.platform.add(node.name.getText());
    ts.forEachChild(node, visitLibrary);
  };
  for (const file of libraries) visitLibrary(file);

  return { declared, outside };
};
