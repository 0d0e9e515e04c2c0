// Prints what a page needs to pin the script file, its subresource integrity hash, and ships it beside the file.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const hash = createHash('sha384').update(readFileSync('dist/offersight.js')).digest('base64');
writeFileSync('dist/offersight.js.sri', `sha384-${hash}\n`);
console.log(`dist/offersight.js  integrity="sha384-${hash}"`);
