// Reads from a runner's report which tests failed and with what message, so that they can be named where one looks
// first: at the end of a long output.

/**
 * What is read of Vitest's JSON report.
 * @typedef {{
 *   readonly testResults: readonly {
 *     readonly name: string,
 *     readonly status?: string,
 *     readonly message: string,
 *     readonly assertionResults: readonly {
 *       readonly status: string,
 *       readonly fullName: string,
 *       readonly failureMessages: readonly string[],
 *     }[],
 *   }[],
 * }} UnitReport
 */

/** @typedef {{ readonly message?: string }} Fault */

/**
 * A test in Playwright's JSON report, which runs in several projects.
 * @typedef {{
 *   readonly file: string,
 *   readonly line: number,
 *   readonly title: string,
 *   readonly tests: readonly {
 *     readonly projectName: string,
 *     readonly status: string,
 *     readonly results: readonly { readonly errors: readonly Fault[] }[],
 *   }[],
 * }} EndToEndSpec
 */

/**
 * What is read of a group of tests in that report.
 * @typedef {{ readonly suites?: readonly EndToEndSuite[], readonly specs?: readonly EndToEndSpec[] }} EndToEndSuite
 */

/**
 * What is read of that report.
 * @typedef {{ readonly suites: readonly EndToEndSuite[], readonly errors?: readonly Fault[] }} EndToEndReport
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with this character
const COLOURS = /\u001b\[[\d;]*m/g;
/** So much of a message says what went wrong; the output above has the whole. */
const MOST_LINES = 12;

/**
 * @param {string} title
 * @param {string} message
 */
const failureOf = (title, message) => {
  const lines = message.replace(COLOURS, '').split('\n');
  return [title, ...lines.slice(0, MOST_LINES).map((line) => `    ${line}`)].join('\n');
};

/**
 * Failed tests of Vitest's JSON report, and files that failed although none of their tests did: they could not be read, or
 * what runs before all of them failed. In CI, a test that was left out has failed as well.
 * @param {UnitReport} report
 * @param {boolean} isStrict
 */
export const unitFailures = ({ testResults }, isStrict = false) =>
  testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status === 'failed' || (isStrict && status !== 'passed'))
      .map(({ fullName, status, failureMessages }) =>
        failureOf(
          `${name}: ${fullName}`,
          status === 'failed' ? failureMessages.join('\n') : `It was left out: ${status}.`,
        ),
      );
    const isFault = status === 'failed' || (message && assertionResults.length === 0);
    return isFault && !assertionResults.some(({ status }) => status === 'failed')
      ? [failureOf(name, message || 'Something failed before the tests that need it: see above.'), ...failed]
      : failed;
  });

/**
 * @param {EndToEndSuite} suite
 * @returns {readonly EndToEndSpec[]}
 */
const specsOf = ({ specs = [], suites = [] }) => [...specs, ...suites.flatMap(specsOf)];

/**
 * Tests of Playwright's JSON report that failed or passed only the second time; in CI also those that were left out.
 * @param {EndToEndReport} report
 * @param {boolean} isStrict
 */
export const endToEndFailures = ({ suites, errors = [] }, isStrict = false) => [
  ...errors.map(({ message = '' }) => failureOf('before any test', message)),
  ...suites.flatMap(specsOf).flatMap(({ file, line, title, tests }) =>
    tests
      .filter(({ status }) => status !== 'expected' && (isStrict || status !== 'skipped'))
      .map(({ projectName, status, results }) => {
        const messages = results.flatMap(({ errors }) => errors.map(({ message = '' }) => message));
        return failureOf(`[${projectName}] ${file}:${line}: ${title}: ${status}`, messages.join('\n'));
      }),
  ),
];
