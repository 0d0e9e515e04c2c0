/**
 * In which order test files run. Vitest itself goes by project and by size, so that a long one could begin last and keep one
 * processor busy while the others have nothing left to do.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LONG_UNITS, LONGEST_UNITS } from '../../scripts/proofs.mjs';

const ORDER = [...LONGEST_UNITS, ...LONG_UNITS];

/** Begins with {@link LONGEST_UNITS}, and among the long ones with the first of {@link LONG_UNITS}. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = ORDER.findIndex((file) => moduleId.endsWith(`/${file}`));
      return at < 0 ? ORDER.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
