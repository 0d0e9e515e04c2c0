// What a page loads of other trackers, compressed by Brotli as servers do. Nothing of them is run. `npm run bench:peers`
// writes the figures to bench/peers.json, for the README's table.
import { writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { filesOf, PEERS } from './peers/published.mjs';

const figures = PEERS.map((peer) => {
  const sizes = filesOf(peer).map((file) => brotliCompressSync(file).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const packages = peer.files.map(([specifier]) => specifier);
  console.log(`${peer.title}: ${(bytes / 1_000).toFixed(1)} KB (${packages.join(', ')})`);
  return { title: peer.title, packages, bytes };
});
writeFileSync('bench/peers.json', `${JSON.stringify(figures, null, 2)}\n`);
