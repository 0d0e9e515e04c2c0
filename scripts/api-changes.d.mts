/** An entry in two releases: the reports as texts, empty if a release does not have it. */
export interface EntryReports {
  readonly specifier: string;
  readonly before: string;
  readonly after: string;
}

export const changesPage: (version: string, entries: readonly EntryReports[]) => string;
