// `npm test`: every promise once, in a real browser.
import { rmSync } from 'node:fs';
import { runSteps } from './steps.mjs';

rmSync('test-results', { recursive: true, force: true });
await runSteps('test');
