/** Compares the table of faults in docs/delivery.md with the titles of the tests that show them. */
import { describeNumberedTable } from './support/numbered-rows.js';

describeNumberedTable({ document: 'docs/delivery.md', word: 'fault', last: 74, maxUnshown: 6 });
