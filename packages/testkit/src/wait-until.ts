export interface WaitOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** Between two looks. Default 10. */
  readonly everyMs?: number;
  /** What is waited for, for the message when it does not come. */
  readonly what?: string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the condition answers something truthy, and answers that. Throws when it does not in time. */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 5_000, everyMs = 10, what = 'the condition' }: WaitOptions = {},
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer as Exclude<T, false | 0 | '' | null | undefined>;
    if (Date.now() >= end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(everyMs);
  }
}
