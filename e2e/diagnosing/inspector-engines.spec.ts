/** The inspector names every reason, in every engine, by script tag and by npm. */
import { ENGINES, test } from '../engines/test.js';
import { expectAllSaid, WAYS_IN } from '../fixtures/inspected.js';

for (const name of ENGINES)
  for (const [way, into] of Object.entries(WAYS_IN))
    test(`in ${name}, the inspector that is loaded ${way} names every reason`, async ({
      stack,
      visitorOf,
    }) => {
      await expectAllSaid(await visitorOf(name), stack, into);
    });
