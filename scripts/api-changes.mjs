// What changed between two sets of API reports, as the page docs/api/changes.md.

/** The declarations of a report by their names, without comments. A value and a type can share a name. */
const declarationsOf = (report) => {
  const [, code = ''] = report.split('```ts\n');
  const found = new Map();
  for (const block of code.split(/^\/\/ @.*\n/m)) {
    const [, name] = /^export (?:declare )?(?:abstract )?\w+ (\w+)/m.exec(block) ?? [];
    if (!name) continue;
    const lines = block.split('\n').filter((line) => line.trim() && !/^(?:\/[/*]|\*|```)/.test(line.trim()));
    found.set(name, [found.get(name), ...lines].filter((line) => line !== undefined).join('\n'));
  }
  return found;
};

/** The lines that were removed and added, in order: what is left of both beside their longest common sequence. */
const differenceOf = (before, after) => {
  const [old, current] = [before.split('\n'), after.split('\n')];
  const common = Array.from({ length: old.length + 1 }, () => new Array(current.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = current.length - 1; j >= 0; j--)
      common[i][j] =
        old[i] === current[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  const lines = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < current.length)
    if (old[i] === current[j] && i < old.length) {
      i++;
      j++;
    } else if (i < old.length && (j === current.length || common[i + 1][j] >= common[i][j + 1]))
      lines.push(`- ${old[i++]}`);
    else lines.push(`+ ${current[j++]}`);
  return lines;
};

const changesOfEntry = (before, after) => {
  const [old, current] = [declarationsOf(before), declarationsOf(after)];
  const lines = [];
  for (const [name, text] of current)
    if (!old.has(name)) lines.push(...text.split('\n').map((line) => `+ ${line}`));
    else if (old.get(name) !== text) {
      lines.push(`  ${name}`, ...differenceOf(old.get(name), text));
    }
  for (const [name, text] of old)
    if (!current.has(name)) lines.push(...text.split('\n').map((line) => `- ${line}`));
  return lines;
};

/**
 * The page. `entries` have the entry's `specifier` and its report `before` and `after`; the report of an entry that a
 * release does not have is empty.
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
