/** The page on privacy lists every line of the log, and in each line's row every field of it. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { LOG, type Place, place } from '../../e2e/fixtures/privacy-headings.js';
import { readPrivacyPage } from '../../e2e/fixtures/privacy-page.js';
import {
  AT_THE_PROXY,
  callsOf,
  keysBelow,
  lineOf,
  membersOf,
  nameOf,
  nodesOf,
  parse,
  read,
  sourcesOf,
  usesOf,
  withMore,
} from './sources.js';

const page = await readPrivacyPage();
const sources = sourcesOf(...AT_THE_PROXY);

const lineWith = (message: string, fields: readonly string[]): Place[] => [
  place(LOG, 'line', message),
  ...fields.map((field) => place(LOG, 'property', field, '', message)),
];

describe('an observation', () => {
  const observation = read('src/proxy/telling/observation.ts');
  /** Each kind of an observation, with its other fields. */
  const kindsOf = (text: string): [kind: string, fields: string[]][] =>
    nodesOf(parse(text))
      .filter(ts.isTypeLiteralNode)
      // It is not logged: the message of the alert has a line of its own.
      .filter((literal) => !/kind: 'alert'/.test(literal.getText()))
      .map((literal) => [
        /kind: '(\w+)'/.exec(literal.getText())?.[1] ?? '',
        literal.members.flatMap((member) => member.name?.getText() ?? []).filter((name) => name !== 'kind'),
      ]);
  const unlisted = (text: string): string[] =>
    page.unlisted(kindsOf(text).flatMap(([kind, fields]) => lineWith(kind, fields)));

  it('has a row, and every field of it is there', () => {
    expect(kindsOf(observation).map(([kind]) => kind)).toEqual(['request', 'verdict', 'call', 'forwarded']);
    expect(unlisted(observation)).toEqual([]);
  });

  it('is missed if it has one more field, also one that another row has', () => {
    const withField = (field: string) =>
      withMore(observation, "kind: 'call';", ` readonly ${field}: string;`);
    expect(unlisted(withField('address'))).toEqual([`${LOG}: property call.address`]);
    expect(unlisted(withField('offer_id'))).toEqual([`${LOG}: property call.offer_id`]);
    expect(unlisted(observation.replace("kind: 'call'", "kind: 'visit'"))).toContain(`${LOG}: line visit`);
  });
});

/** A message as the page has it: what differs from line to line is an ellipsis. A variable is in parentheses. */
const messageOf = (message: ts.Expression): string => {
  if (ts.isStringLiteralLike(message)) return message.text.replace(/:.*/, ': …');
  return ts.isTemplateExpression(message) ? `${message.head.text}…` : `(${message.getText()})`;
};

/** What the function `causeFields` makes. */
const causesOf = (text: string): string[] =>
  nodesOf(parse(text))
    .filter(ts.isVariableDeclaration)
    .filter(({ name }) => name.getText() === 'causeFields')
    .flatMap(keysBelow);
const CAUSES = causesOf(read('src/proxy/cli/site.ts'));

/** The fields that an expression makes. What is made elsewhere is in parentheses, so that no row lists it. */
const fieldsIn = (node: ts.Expression): string[] => {
  if (ts.isParenthesizedExpression(node)) return fieldsIn(node.expression);
  if (ts.isConditionalExpression(node)) return [...fieldsIn(node.whenTrue), ...fieldsIn(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken)
    return fieldsIn(node.right);
  if (ts.isObjectLiteralExpression(node))
    return node.properties.flatMap((property) =>
      ts.isSpreadAssignment(property) ? fieldsIn(property.expression) : nameOf(property.name ?? property),
    );
  if (ts.isCallExpression(node) && node.expression.getText() === 'causeFields') return CAUSES;
  return [`(${lineOf(node)})`];
};

/** Alerts are on a page of their own. Each has the fields of this row. */
const ALERT = 'alert';
/** The only lines whose message is a variable, with their fields. */
const OF_ALERT = ['code', ...CAUSES];
const VARIABLES: Readonly<Record<string, Place[]>> = {
  '(message)': lineWith(ALERT, OF_ALERT),
  // The fields of an observation are compared above.
  '(kind)': [],
};
const OBSERVED =
  "('durationMs' in fields ? { ...fields, durationMs: Math.round(fields.durationMs) } : fields)";

/** Every line that a source writes. */
const linesOf = (text: string): Place[] =>
  callsOf(text, /\.(?:info|error)$/)
    .filter(({ expression }) => expression.getText() !== 'console.error')
    .flatMap((call) => {
      const [message, fields] = call.arguments ?? [];
      if (!message) return [];
      const line = messageOf(message);
      if (line === '(kind)' && `(${lineOf(fields ?? message)})` === OBSERVED) return VARIABLES[line] ?? [];
      const given = fields ? fieldsIn(fields) : [];
      return lineWith(line === '(message)' && given.join() === OF_ALERT.join() ? ALERT : line, given);
    });
const unlisted = (text: string): string[] => page.unlisted(linesOf(text));

describe('any other line of the log', () => {
  it('has a row, and every field of it is there', () => {
    expect(CAUSES).toEqual(['cause', 'cause_code']);
    expect(sources.flatMap(({ text }) => linesOf(text)).length).toBeGreaterThan(20);
    expect(sources.flatMap(({ file, text }) => unlisted(text).map((line) => `${file}: ${line}`))).toEqual([]);
  });

  it.each([
    ["log.info('visit', { address })", ['line visit', 'property visit.address']],
    [`site.log.info(\`a visit of \${who}\`)`, ['line a visit of …']],
    ["log.info('stopped', { ...(who && { address }) })", ['property stopped.address']],
    // Another row has it.
    ["log.error('a request failed', { offer_id: id })", ['property a request failed.offer_id']],
    ['log.error(message, { code, ...causeFields(cause), offer_id: id })', ['line (message)']],
    // The fields are made elsewhere.
    ["const fields = { address }; log.info('stopped', fields)", ['property stopped.(fields)']],
    ["log.info('stopped', { ...fields })", ['property stopped.(fields)']],
    ["log.info('stopped', { [name]: address })", ['property stopped.[name]']],
    ['log.info(words)', ['line (words)']],
    ['log.info(kind, { ...fields, address })', ['line (kind)']],
  ])('is missed if the page does not list it: %s', (text, missed) => {
    expect(unlisted(text)).toEqual(expect.arrayContaining(missed.map((line) => `${LOG}: ${line}`)));
  });

  it('has one of two levels: a line of another one would not be found above', () => {
    const levels = (text: string): string[] => membersOf(text, 'Log');
    expect(levels(read('src/proxy/cli/log.ts'))).toEqual(['info', 'error']);
    expect(levels('interface Log { info(): void; warn(): void }')).toEqual(['info', 'warn']);
  });

  it('has the properties of each line, and no other constants', () => {
    const log = read('src/proxy/cli/log.ts');
    const written = callsOf(log, /^(?:JSON\.stringify|Object\.entries<.*|Object\.entries)$/)
      .flatMap((call) => call.arguments?.flatMap(fieldsIn) ?? [])
      .filter((field) => !['(fields)', '(Object.fromEntries(cut))'].includes(field));
    expect(written).toEqual(['left_out', 'time', 'level', 'message']);
    expect(page.unlisted(written.map((name) => place(LOG, 'property of each line', name)))).toEqual([]);
  });

  it('is written by a call of a log that is not hidden in another name', () => {
    // Such as `const { info } = log`, or `log['info']`: the lines above would not be found.
    const hidden = (text: string): string[] =>
      nodesOf(parse(text))
        .filter((node) => ts.isIdentifier(node) || ts.isStringLiteralLike(node))
        .filter(({ text: word, parent }) => {
          if (word === 'error')
            return (
              ts.isElementAccessExpression(parent) || /\blog$/i.test(parent.parent.parent?.getText() ?? '')
            );
          const isCalled = ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent);
          return word === 'info' && !isCalled;
        })
        .map(({ parent }) => lineOf(parent));
    const outside = sources.filter(({ file }) => file !== 'src/proxy/cli/log.ts');
    expect(outside.flatMap(({ text }) => hidden(text))).toEqual([]);
    expect(hidden("const { info } = log; info('visit')")).toEqual(['info', "info('visit')"]);
    expect(hidden('const { error } = site.log')).toEqual(['error']);
    expect(hidden("log['info']('visit')")).toEqual(["log['info']"]);
    expect(usesOf(sources, new Set(['createLog']))).toEqual([
      'src/proxy/cli/log.ts: createLog',
      'src/proxy/cli/serve.ts: createLog',
    ]);
  });
});
