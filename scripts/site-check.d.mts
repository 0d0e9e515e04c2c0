/** Every Markdown file that readers reach. */
export function markdownFiles(): string[];
/** The faults of the Markdown, a sentence each. */
export function faultsOfSources(
  files?: readonly string[],
  read?: (file: string) => string,
  links?: readonly string[],
): string[];
/** What is wrong with the built pages, a sentence each, and how many pages there are. */
export function faultsOfOutput(
  folder?: string,
  base?: string,
): { readonly pages: number; readonly faults: string[] };
