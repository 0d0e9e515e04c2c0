/** Delta debugging: leaves out ever smaller pieces of a plan as long as what is left still breaks the promise. */
import type { Plan } from './plan.js';
import type { Outcome } from './run.js';

/** A plan counts as kept only after so many runs, since each run depends on chance. */
const TRIES = 3;

/**
 * Finds a small plan that is broken in one of the ways of the given one.
 * @throws {Error} If the given plan is not broken.
 */
export const shrink = async (
  plan: Plan,
  run: (plan: Plan) => Promise<Outcome>,
  say: (line: string) => void,
): Promise<Plan> => {
  let wanted: readonly string[] = [];
  for (let tries = TRIES; tries > 0 && !wanted.length; tries--) wanted = (await run(plan)).checked.broken;
  if (!wanted.length) throw new Error(`the plan as it is broke nothing in ${TRIES} runs`);
  const isBroken = async (steps: Plan['steps']): Promise<boolean> => {
    for (let tries = TRIES; tries > 0; tries--) {
      const outcome = await run({ ...plan, steps });
      if (outcome.checked.broken.some((name) => wanted.includes(name))) return true;
    }
    return false;
  };
  let { steps } = plan;
  let pieces = 2;
  while (steps.length > 1) {
    const size = Math.ceil(steps.length / pieces);
    let isSmaller = false;
    for (let from = 0; from < steps.length; from += size) {
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      const broken = rest.length > 0 && (await isBroken(rest));
      say(
        `without steps ${from}–${Math.min(from + size, steps.length) - 1} of ${steps.length}: ${broken ? 'still broken' : 'kept'}`,
      );
      if (!broken) continue;
      steps = rest;
      isSmaller = true;
      break;
    }
    if (isSmaller) pieces = Math.max(2, pieces - 1);
    else if (size === 1) break;
    else pieces = Math.min(steps.length, pieces * 2);
  }
  return { ...plan, steps };
};
