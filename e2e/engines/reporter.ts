/** Says at the end of a run which engines the tests ran in, and which are missing on this machine. */
import type { FullConfig, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter';
import { ensureEngines, HELP } from '../../scripts/ensure-engines.mjs';

export default class EnginesReporter implements Reporter {
  readonly #tests = new Map<string, number>();
  #areAsked = false;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#areAsked = suite.allTests().some(({ location }) => location.file.endsWith('engines.spec.ts'));
  }

  onTestEnd(_test: TestCase, { annotations, status }: TestResult): void {
    if (status !== 'passed') return;
    const engines = annotations.filter(({ type }) => type === 'engine').map(({ description }) => description);
    for (const engine of new Set(engines))
      if (engine) this.#tests.set(engine, (this.#tests.get(engine) ?? 0) + 1);
  }

  onEnd(): void {
    if (!this.#areAsked) return;
    for (const [engine, passed] of this.#tests) console.log(`engine: ${engine}, ${passed} passed`);
    const { missing } = ensureEngines({ install: false });
    for (const words of missing) console.log(`NOT RUN HERE: ${words}`);
    if (missing.length) console.log(HELP);
  }
}
