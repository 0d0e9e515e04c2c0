/**
 * In which order test files run. Vitest itself goes by project and by size, so that a long one could begin last and keep one
 * processor busy while the others have nothing left to do.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LONGEST_UNITS } from '../../scripts/proofs.js';

/** Begins with {@link LONGEST_UNITS}. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST_UNITS.findIndex((file) => moduleId.endsWith(`/${file}`));
      return at < 0 ? LONGEST_UNITS.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
