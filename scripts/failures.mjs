// Reads from a runner's report which tests failed and with what message, so that they can be named where one looks
// first: at the end of a long output.

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with this character
const COLOURS = /\u001b\[[\d;]*m/g;
/** So much of a message says what went wrong; the output above has the whole. */
const MOST_LINES = 12;

const failureOf = (title, message) => {
  const lines = message.replace(COLOURS, '').split('\n');
  return [title, ...lines.slice(0, MOST_LINES).map((line) => `    ${line}`)].join('\n');
};

/** Failed tests of Vitest's JSON report. A file that could not be read has no tests, only a message. */
export const unitFailures = ({ testResults }) =>
  testResults.flatMap(({ name, message, assertionResults }) => [
    ...(assertionResults.length === 0 && message ? [failureOf(name, message)] : []),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => failureOf(`${name}: ${fullName}`, failureMessages.join('\n'))),
  ]);

const specsOf = ({ specs = [], suites = [] }) => [...specs, ...suites.flatMap(specsOf)];

/** Tests of Playwright's JSON report that failed, passed only the second time, or were left out. */
export const endToEndFailures = ({ suites, errors = [] }) => [
  ...errors.map(({ message = '' }) => failureOf('before any test', message)),
  ...suites.flatMap(specsOf).flatMap(({ file, line, title, tests }) =>
    tests
      .filter(({ status }) => status !== 'expected')
      .map(({ projectName, status, results }) => {
        const messages = results.flatMap(({ errors }) => errors.map(({ message = '' }) => message));
        return failureOf(`[${projectName}] ${file}:${line}: ${title}: ${status}`, messages.join('\n'));
      }),
  ),
];
