/** Reads settings and messages of the documents. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument } from 'yaml';

export const faultsOfToml = (text: string): number[] => {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    return [error instanceof TomlError ? error.line - 1 : 0];
  }
};

export const faultsOfYaml = (text: string): number[] => {
  const { errors, warnings } = parseDocument(text);
  return [...errors, ...warnings].map(({ linePos }) => (linePos?.[0].line ?? 1) - 1);
};

/** A message has a line of its own at first, or none, and then fields. Everything behind an empty line is its body. */
export const faultsOfHttp = (text: string): number[] => {
  const [head = ''] = text.split('\n\n');
  return head.split('\n').flatMap((line, at) => {
    const isFirst = at === 0 && /^(?:[A-Z]+ \S+(?: HTTP\/[\d.]+)?|HTTP\/[\d.]+ \d{3}.*)$/.test(line);
    return isFirst || /^[A-Za-z][A-Za-z\d-]*: \S/.test(line) ? [] : at;
  });
};
