/** `offersight/service-worker` is imported for what it does. */
import 'offersight/service-worker';
// @ts-expect-error it exports nothing
import { flush } from 'offersight/service-worker';

export const nothing: unknown = flush;
