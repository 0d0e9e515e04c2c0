// Axe for a page of ours, as fast as it goes: what passes is not written down. No second page is opened to put the
// results of frames together, since none of these pages has a frame of another origin.
import { AxeBuilder } from '@axe-core/playwright';

/**
 * @param {import('playwright').Page} page
 */
export const axeOf = (page) =>
  new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
