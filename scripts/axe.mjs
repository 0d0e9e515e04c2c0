// Axe for a page of ours, as fast as it goes: what passes is not written down, and no second page is opened to put the
// results of frames together.
import { AxeBuilder } from '@axe-core/playwright';

/**
 * @param {import('playwright').Page} page
 */
export const axeOf = (page) => {
  const { origin } = new URL(page.url());
  const others = page
    .frames()
    .filter((frame) => !frame.url().startsWith('about:') && new URL(frame.url()).origin !== origin);
  if (others.length) throw new Error(`Without that second page axe does not see into ${others[0]?.url()}.`);
  return new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
};
