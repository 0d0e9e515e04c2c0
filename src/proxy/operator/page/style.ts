/** The operator's page in colours and boxes. Texts of its own, since a server's bundler would lose a file. */
import { FIGURES } from './style-figures.js';
import { FORMS } from './style-forms.js';
import { FRAME } from './style-frame.js';

/** In this order, since later rules win over earlier ones. */
export const STYLE = FRAME + FORMS + FIGURES;
