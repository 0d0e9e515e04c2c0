/**
 * The library's memory limiter by itself: its entry loads every store that it knows, and Node's own modules with them,
 * which a worker does not have.
 */
declare module 'rate-limiter-flexible/lib/RateLimiterMemory.js' {
  import type { RateLimiterMemory } from 'rate-limiter-flexible';

  const Limiter: typeof RateLimiterMemory;
  export default Limiter;
}
