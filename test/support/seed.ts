/** Gives every property the same cases in each run. `PROPERTY_SEED` chooses others; a failure names its seed. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20_261_120) });
