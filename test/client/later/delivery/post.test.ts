// @vitest-environment node
import { describe } from 'vitest';
import { post as postByKy } from '../../../../src/client/later/delivery/post.js';
import { post as postByFetch } from '../../../../src/client/later/delivery/post-script.js';
import { describePost } from './post.contract.js';

describe('posting by ky, as the module does', () => describePost(postByKy));
describe('posting by fetch, as the script file does', () => describePost(postByFetch));
