// Prints what a page needs to pin the script file: its subresource integrity hash.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const hash = createHash('sha384').update(readFileSync('dist/offersight.js')).digest('base64');
console.log(`dist/offersight.js  integrity="sha384-${hash}"`);
