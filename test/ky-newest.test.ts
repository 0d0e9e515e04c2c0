/** Both rooms that post by ky, with the newest ky in place of the pinned one, which an application may have already. */
import { vi } from 'vitest';
import './client/later/delivery/post.test.js';
import './client/later/delivery/transport.test.js';
import './proxy/forward/offer-events.test.js';

vi.mock('ky', () => import('ky-newest'));
