/** Refuses a Node that is too old, before any other room of the proxy runs. */
import { OffersightError } from '../errors.js';
import { nodeFault } from './node-version.js';

const fault = nodeFault();
if (fault !== undefined) throw new OffersightError('configuration', fault);
