/** What the proxy tells its operator. */

/** Told, in words, what an operator has to do, and what broke if something of the host's own did. */
export type OnAlert = (message: string, cause?: unknown) => void;

/** An alert hook that throws is the host's own fault, and must not end forwarding. */
export const quietly =
  (onAlert: OnAlert): OnAlert =>
  (message, cause) => {
    try {
      onAlert(message, cause);
    } catch {
      // Whoever should hear of it is the one that failed.
    }
  };
