/** The package's version, as its manifest has it: files of one release know each other by it. */
export const VERSION: string = '0.2.0';
