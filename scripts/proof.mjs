// `npm run proof`: all tests that `npm test` leaves out. Many take longer, such as other engines and stacks, chaos, storms
// and full fuzzing.
// With `--full`, proxies are killed at many more moments, and intakes get a million random groups.
import { parseArgs } from 'node:util';
import { runSteps } from './steps.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false } } });
// Every step inherits it.
if (values.full) process.env.OFFERSIGHT_FULL = '1';
await runSteps('proof');
