// What changed between two sets of API reports, as the page docs/api/changes.md.

/**
 * An entry in two releases: the reports as texts, empty if a release does not have it.
 * @typedef {{ readonly specifier: string, readonly before: string, readonly after: string }} EntryReports
 */

/**
 * The declarations of a report by their names, without comments. A value and a type can share a name.
 * @param {string} report
 */
const declarationsOf = (report) => {
  const [, code = ''] = report.split('```ts\n');
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const block of code.split(/^\/\/ @.*\n/m)) {
    const [, name] = /^export (?:declare )?(?:abstract )?\w+ (\w+)/m.exec(block) ?? [];
    if (!name) continue;
    const lines = block.split('\n').filter((line) => line.trim() && !/^(?:\/[/*]|\*|```)/.test(line.trim()));
    found.set(name, [found.get(name), ...lines].filter((line) => line !== undefined).join('\n'));
  }
  return found;
};

/**
 * The lines that were removed and added, in order: what is left of both beside their longest common sequence.
 * @param {string} before
 * @param {string} after
 */
const differenceOf = (before, after) => {
  const [old, current] = [before.split('\n'), after.split('\n')];
  const common = old.map(() => current.map(() => 0));
  /**
   * The length of that sequence from a line of each on.
   * @param {number} i
   * @param {number} j
   */
  const commonFrom = (i, j) => common[i]?.[j] ?? 0;
  for (const [i, row] of [...common.entries()].toReversed())
    for (let j = current.length - 1; j >= 0; j--)
      row[j] =
        old[i] === current[j]
          ? commonFrom(i + 1, j + 1) + 1
          : Math.max(commonFrom(i + 1, j), commonFrom(i, j + 1));
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < current.length)
    if (old[i] === current[j] && i < old.length) {
      i++;
      j++;
    } else if (i < old.length && (j === current.length || commonFrom(i + 1, j) >= commonFrom(i, j + 1)))
      lines.push(`- ${old[i++]}`);
    else lines.push(`+ ${current[j++]}`);
  return lines;
};

/**
 * @param {string} before
 * @param {string} after
 */
const changesOfEntry = (before, after) => {
  const [old, current] = [declarationsOf(before), declarationsOf(after)];
  const lines = [];
  for (const [name, text] of current) {
    const was = old.get(name);
    if (was === undefined) lines.push(...text.split('\n').map((line) => `+ ${line}`));
    else if (was !== text) lines.push(`  ${name}`, ...differenceOf(was, text));
  }
  for (const [name, text] of old)
    if (!current.has(name)) lines.push(...text.split('\n').map((line) => `- ${line}`));
  return lines;
};

/**
 * The page.
 * @param {string} version The release before.
 * @param {readonly EntryReports[]} entries
 */
export const changesPage = (version, entries) => {
  const parts = entries.map(({ specifier, before, after }) => {
    if (!before) return `## ${specifier}\n\nThis entry is new.\n`;
    if (!after) return `## ${specifier}\n\nThis entry is gone.\n`;
    const lines = changesOfEntry(before, after);
    return `## ${specifier}\n\n${lines.length ? `\`\`\`diff\n${lines.join('\n')}\n\`\`\`` : 'Nothing changed.'}\n`;
  });
  return `# Changes of the API since ${version}

\`npm run api\` writes this page from the reports of both versions. Lines with a plus are new, and lines with a minus are gone. A line
with neither names a declaration that has changed. [Upgrading](../upgrading.md) says what this means for your code.

${parts.join('\n')}`;
};
