// Axe for a page of ours, as fast as it goes: what passes is not written down, and no second page is opened to put the
// results of frames together.
import { AxeBuilder } from '@axe-core/playwright';

/**
 * @param {import('playwright').Page} page
 * @throws {Error} If a frame has another origin, since axe would pass over it in silence.
 */
export const axeOf = (page) => {
  const { origin } = new URL(page.url());
  const others = page
    .frames()
    .filter((frame) => !/^(about:|$)/.test(frame.url()) && new URL(frame.url()).origin !== origin);
  if (others.length) throw new Error(`Axe does not see into a frame of another origin: ${others[0]?.url()}.`);
  return new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
};
