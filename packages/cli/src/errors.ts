/** What stops a command, in one sentence for people; no stack is shown. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandError';
  }
}

/** Exit codes of the command line. */
export const EXIT = {
  /** The command did what it was asked, and an execution that it waited for ended in SUCCESS or WARNING. */
  ok: 0,
  /** The execution ended in another state, or a flow is not valid. */
  failed: 1,
  /** The command itself could not be carried out: usage, no server, an unknown flow … */
  unable: 2,
} as const;
