import { expect, test } from '../fixtures/stack.js';

test.describe('the whole way', () => {
  test('an offer in view for a second is one viewed event at the upstream', async ({ page, stack }) => {
    await stack.open(page, '<div class="offer" data-offer-id="hero-a52g">10 % off</div>');
    await stack.expectRecorded(['viewed hero-a52g']);
    const [row] = stack.upstream.history();
    expect(row?.key).toMatch(/^oe1-[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });
});
