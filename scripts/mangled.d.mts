/** Properties of our own objects that get short names in the two classic files. */
export const MANGLED: readonly string[];
