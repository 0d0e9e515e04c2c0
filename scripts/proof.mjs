// `npm run proof`: the tests that take longer, such as other engines and stacks, chaos, storms and full fuzzing.
import { runSteps } from './steps.mjs';

await runSteps('proof');
