/** What is wrong with the built pages, a sentence each, and how many pages there are. */
export function faultsOfOutput(
  folder?: string,
  base?: string,
): { readonly pages: number; readonly faults: string[] };
