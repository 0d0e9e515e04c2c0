import { describe, expect, it } from 'vitest';
import { createIds } from '../src/protocol/event.js';
import { platformRuntime } from '../src/runtime.js';

describe('the platform’s clock', () => {
  it('gives whole milliseconds, even if a page has replaced it by one with fractions', () => {
    const runtime = platformRuntime(() => 1_763_600_000_000.75);
    expect(runtime.now()).toBe(1_763_600_000_000);
    expect(createIds(runtime)()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is the one that existed when the runtime was made', () => {
    const { now } = Date;
    const runtime = platformRuntime();
    try {
      Date.now = () => 0;
      expect(runtime.now()).toBeGreaterThan(0);
    } finally {
      Date.now = now;
    }
  });
});
