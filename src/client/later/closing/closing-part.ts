/**
 * The closing part: closing that no attribute marks. It may be another file than the offer part, which loads it with the
 * first act that may concern an offer, or as an offer lies in what users close.
 */
export { VERSION } from '../../../version.js';
export { createClosing } from './closing.js';
export { closesByConvention } from './conventions.js';
