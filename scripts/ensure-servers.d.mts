export const HELP: string;
export function ensureServers(options?: {
  readonly install?: boolean;
}): { readonly redis: string; readonly nginx: string } | undefined;
