/** The mock API in a process of its own. It gets its options as JSON, and ends with its parent, however that ends. */
import { startUpstream, type UpstreamOptions } from '../src/tools/mock-api/server.js';

const upstream = await startUpstream(JSON.parse(process.argv[2] ?? '') as UpstreamOptions);
process.stdin.resume().once('end', () => process.exit());
console.log(`upstream: ${upstream.url}`);
