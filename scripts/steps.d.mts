/** One check of a command. */
export interface Step {
  readonly name: string;
  readonly command: string;
}
export declare const STEPS: Readonly<Record<'test' | 'proof', readonly (Step | readonly Step[])[]>>;
export declare const runSteps: (name: 'test' | 'proof') => Promise<void>;
