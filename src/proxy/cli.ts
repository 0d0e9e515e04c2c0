#!/usr/bin/env node
/** The program: what it needs, and then its commands. */
import { nodeFault } from './node-version.js';

const fault = nodeFault();
if (fault === undefined) await import('./cli/main.js');
else {
  process.stderr.write(`offersight: ${fault}\n`);
  process.exitCode = 1;
}
