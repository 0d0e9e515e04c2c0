/**
 * One POST without ky, for the script file: of ky this call uses nothing that fetch has not, and it would be a
 * quarter of the file.
 */
import type { Post } from './post.js';

/** {@link Post} by fetch. */
export const post: Post = (url, { fetch, ...init }) => fetch(url, { ...init, method: 'POST' });
