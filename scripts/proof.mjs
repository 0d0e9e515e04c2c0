// `npm run proof`: what takes longer, such as other engines and stacks, chaos, storms and fuzzing at full size.
import { runSteps } from './steps.mjs';

await runSteps('proof');
