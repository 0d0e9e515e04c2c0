/** Compares the table of attacks in docs/attacks.md with the titles of the tests that show them. */
import { describeNumberedTable } from './support/numbered-rows.js';

describeNumberedTable({ document: 'docs/attacks.md', word: 'attack', last: 78, maxUnshown: 3 });
