// Prints what a page needs to pin the script files, their subresource integrity hashes, and ships them beside the files.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

for (const name of [
  'offersight',
  'offersight-offers',
  'offersight-closing',
  'offersight-more',
  'offersight-debug',
  'offersight-inspector',
]) {
  const file = `dist/${name}.js`;
  const hash = createHash('sha384').update(readFileSync(file)).digest('base64');
  writeFileSync(`${file}.sri`, `sha384-${hash}\n`);
  console.log(`${file}  integrity="sha384-${hash}"`);
}
