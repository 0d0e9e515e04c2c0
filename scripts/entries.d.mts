/** An entry of the package that has types. */
export interface Entry {
  /** As users import it: `offersight/proxy`. */
  readonly specifier: string;
  /** For a file's name: `proxy-sqlite`. */
  readonly name: string;
  /** The built declarations, below the package. */
  readonly types: string;
  /** What they are built from, below the package. */
  readonly source: string;
}
/** The entries that have types, in the manifest's order. */
export function typedEntries(): Entry[];
/** Names of entries without types: files for a script tag and the manifest. */
export function untypedEntries(): string[];
