/** Writes the schema of the file of several sites, which the package has for editors, from the declarations of its settings. */
import { writeFileSync } from 'node:fs';
import { configSchema } from '../src/proxy/cli/config-schema.js';

writeFileSync('offersight.config.schema.json', `${JSON.stringify(configSchema(), null, 2)}\n`);
