export const HELP: string;
export function ensureServers(options?: { readonly install?: boolean }):
  | {
      readonly redis: string;
      readonly nginx: string;
      readonly caddy: string;
      readonly apache: string;
      /** Only on Linux. */
      readonly systemdAnalyze: string | undefined;
    }
  | undefined;
export function findPostgres():
  | { readonly postgres: string; readonly initdb: string; readonly pgbouncer: string }
  | undefined;
