/** Two signals so close to each other are one Ctrl-C that reached us twice: through the terminal and through a parent. */
const SAME_MS = 300;

/** Calls the listener with how many times the user has asked to end. Answers a function that stops listening. */
export function onSignals(listener: (count: number) => void): () => void {
  let count = 0;
  let last = -SAME_MS;
  const onSignal = (): void => {
    const now = performance.now();
    if (now - last < SAME_MS) return;
    last = now;
    count++;
    listener(count);
  };
  // Timers of ours keep no process alive; this one does.
  const alive = setInterval(() => undefined, 2 ** 30);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  return () => {
    clearInterval(alive);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.off(signal, onSignal);
  };
}
