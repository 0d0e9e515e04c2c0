/** Signs by which an answer of the endpoint is known as a firewall's challenge. */
import type { Answer } from '../observed.js';

/** Headers that only a challenge has: of Cloudflare, AWS, Vercel and Sucuri. */
const CHALLENGING = ['cf-mitigated', 'x-amzn-waf-action', 'x-vercel-mitigated', 'x-sucuri-block'] as const;

/** DataDome marks also what it lets through. */
const DATADOME = 'x-datadome';

/** Headers that show who may challenge requests. */
export const CHALLENGE_HEADERS = [...CHALLENGING, DATADOME] as const;

/** Whether a firewall asks who sends the request for a proof. */
export const isChallenge = ({ status, headers }: Answer): boolean =>
  CHALLENGING.some((name) => headers[name] !== undefined) ||
  (status === 403 && headers[DATADOME] !== undefined);
