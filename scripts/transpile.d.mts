import type { Plugin } from 'rollup';

export function createTranspiler(tree: string): (textOf?: (id: string, code: string) => string) => Plugin;
