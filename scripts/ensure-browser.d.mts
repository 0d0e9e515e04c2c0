export const ARGS: readonly string[];
export const HELP: string;
export function ensureBrowser(options?: {
  readonly install?: boolean;
  readonly isWhole?: boolean;
}): Promise<{ readonly executablePath?: string } | undefined>;
