/**
 * What only some pages need: it loads when somebody asks for it, and may be another file than what it talks to, of which
 * no name that crosses may be shortened.
 */
export { VERSION } from '../../../version.js';
export { createIgnoring } from './ignoring.js';
export { describePause, tellWrongOption } from './telling.js';
