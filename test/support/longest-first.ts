/**
 * In which order test files run. Vitest itself goes by project and by size, so that a long one could begin last and keep one
 * processor busy while the others have nothing left to do.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, the longest first. */
const LONGEST: readonly string[] = [
  'proxy/intake/sqlite/sqlite.test.ts',
  'proxy/intake/postgres/postgres.test.ts',
  'proxy/intake/ledger-size.test.ts',
  'proxy/intake/intake-alike.properties.test.ts',
  'proxy/intake/sqlite/sqlite-thread.test.ts',
  'proxy/intake/postgres/postgres-opening.test.ts',
  'proxy/door/surroundings.test.ts',
  'proxy/intake/redis/redis.test.ts',
  'proxy/door/admission.test.ts',
  'reference/ranges.test.ts',
  'proxy/creation.test.ts',
];

/** Begins with {@link LONGEST}. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((file) => moduleId.endsWith(`/test/${file}`));
      return at < 0 ? LONGEST.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
