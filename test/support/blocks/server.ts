/** Reads the configurations of web servers: what is open is closed, and each line has one directive. */

/** A line of nginx has one directive, or one block that ends on it. */
const NGINX = /^(?:[^{};]+;|[^{};]+\{|\}|[^{};]+\{(?: [^{};]+;)* ?\})?$/;

/** The number of the text's last line, where something is missing. */
const lastLineOf = (text: string): number => text.split('\n').length - 1;

/** The lines at which more ends than is open, and the last line if something does not end. */
const unbalanced = (text: string, codeOf: (line: string) => string): number[] => {
  let depth = 0;
  const faults: number[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    for (const sign of codeOf(line).replace(/[^{}]/g, '')) depth += sign === '{' ? 1 : -1;
    if (depth < 0) {
      faults.push(at);
      depth = 0;
    }
  }
  return depth > 0 ? [...faults, lastLineOf(text)] : faults;
};

/** Without comments and quoted text. */
const codeOfNginx = (line: string): string =>
  line
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
    .replace(/(?:^|\s)#.*/, '')
    .trim();

export const faultsOfNginx = (text: string): number[] => [
  ...text.split('\n').flatMap((line, at) => {
    const isWhole = NGINX.test(codeOfNginx(line));
    return isWhole && !/; *#.*\b[a-z_]+_[a-z]+ /.test(line) ? [] : at;
  }),
  ...unbalanced(text, codeOfNginx),
];

/** Without comments and placeholders, which are in braces. */
const codeOfCaddy = (line: string): string =>
  line
    .replace(/(?:^|\s)#.*/, '')
    .replace(/\{[^\s{}]+\}/g, '')
    .trim();

/** A block of Caddy's opens at the end of a line and closes on a line of its own. */
export const faultsOfCaddy = (text: string): number[] => [
  ...text
    .split('\n')
    .flatMap((line, at) => (/^(?:\}|(?:[^{}]*\s)?\{|[^{}]*)$/.test(codeOfCaddy(line)) ? [] : at)),
  ...unbalanced(text, codeOfCaddy),
];

/** A section of Apache's ends where it began: inside the same section. */
export const faultsOfApache = (text: string): number[] => {
  const open: { name: string; line: number }[] = [];
  const faults = text.split('\n').flatMap((line, at) => {
    const code = line.trim();
    const [, slash, name = ''] = /^<(\/?)(\w+)(?: [^<>]*(?:"[^"]*"[^<>]*)?)?>$/.exec(code) ?? [];
    if (name && !slash) open.push({ name, line: at });
    if (name) return slash && open.pop()?.name !== name ? at : [];
    const quotes = code.replace(/\\"/g, '').match(/"/g)?.length ?? 0;
    return code === '' || code.startsWith('#') || (/^[A-Z]\w+(?: |$)/.test(code) && quotes % 2 === 0)
      ? []
      : at;
  });
  return [...faults, ...open.map(({ line }) => line)];
};
