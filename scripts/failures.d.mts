/** What is read of Vitest's JSON report. */
export interface UnitReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
export declare const unitFailures: (report: UnitReport) => string[];

/** What is read of a group of tests in Playwright's JSON report. */
export interface EndToEndSuite {
  readonly suites?: readonly EndToEndSuite[];
  readonly specs?: readonly {
    readonly file: string;
    readonly line: number;
    readonly title: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: string;
      readonly results: readonly { readonly errors: readonly { readonly message?: string }[] }[];
    }[];
  }[];
}
export declare const endToEndFailures: (report: {
  readonly suites: readonly EndToEndSuite[];
  readonly errors?: readonly { readonly message?: string }[];
}) => string[];
