/** The last tag of each minor version, newest first. */
export function lastOfEachMinor(tags: readonly string[]): { readonly minor: string; readonly tag: string }[];
/** Under which path a repository's pages are served. */
export function pathOf(repository: string): string;
/** A page that leads to the newest version. */
export function leadTo(path: string): string;
