/** Every Markdown file that readers reach. */
export function markdownFiles(): string[];
/** The faults of the Markdown, a sentence each. */
export function faultsOfSources(
  files?: readonly string[],
  read?: (file: string) => string,
  links?: readonly string[],
): string[];
