import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { MessagingError, type MessagingLog } from '../port.ts';
import { parseInfo, type Contact } from './first-contact.ts';
import { ALIVE_MS, aliveKey, claim, MARKER_KEY, parseMarker } from './marker.ts';

export interface WatchOptions {
  readonly client: Redis;
  readonly cluster: string;
  readonly contact: Contact;
  readonly log: MessagingLog;
  /**
   * Redis was emptied, or is another one, or was started anew and may have lost its last second; or it is the same but could not be
   * reached, and what was to be sent meanwhile was dropped.
   */
  readonly onWiped: () => void;
  /** Redis belongs to somebody else now. */
  readonly onFatal: (error: MessagingError) => void;
}

/** Looks once a second, and after each reconnect, whether Redis is still the one that it was. */
export interface Watch {
  identity(): string;
  /** Whether Redis answered the last time. */
  answers(): boolean;
  close(): void;
}

const EVERY_MS = 1_000;

export function createWatch({ client, cluster, contact, log, onWiped, onFatal }: WatchOptions): Watch {
  let { runId } = contact;
  let { id } = contact.marker;
  // Restarted between the first contact and this connection, for all that we know.
  let askRunId = true;
  let answers = true;
  /** Since the last look that found it, a look failed or the connection broke. */
  let missed = false;
  let closed = false;
  let looking = false;
  let lookAgain = false;
  const look = async (): Promise<void> => {
    const asked = askRunId;
    askRunId = false;
    const mine = JSON.stringify({ cluster, id: randomUUID() });
    try {
      const [, text, , info] = await Promise.all([
        client.set(MARKER_KEY, mine, 'NX'),
        client.get(MARKER_KEY),
        client.set(aliveKey(cluster), '1', 'PX', ALIVE_MS),
        asked ? client.info('server') : undefined,
      ]);
      const found = parseMarker(text);
      const now = found?.cluster === cluster ? found : await claim(client, cluster, randomUUID());
      const nowRun = info === undefined ? runId : (parseInfo(info).get('run_id') ?? '');
      const other = now.id !== id || nowRun !== runId;
      const back = missed;
      missed = false;
      id = now.id;
      runId = nowRun;
      if (!answers) log.info({}, 'Redis is back');
      answers = true;
      if ((other || back) && !closed) {
        const what = other ? 'was emptied or started anew' : 'could not be reached for a while';
        log.info({}, `Redis ${what}; everything owed is sent again`);
        onWiped();
      }
    } catch (error) {
      askRunId ||= asked;
      missed = true;
      if (closed) return;
      if (error instanceof MessagingError) return onFatal(error);
      if (answers) log.warn({ error }, 'Redis does not answer; messages wait for the reconciler');
      answers = false;
    }
  };
  const run = async (): Promise<void> => {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    do {
      lookAgain = false;
      await look();
    } while (lookAgain && !closed);
    looking = false;
  };
  const onReady = (): void => void run();
  const onClose = (): void => {
    askRunId = true;
    missed = true;
  };
  client.on('ready', onReady).on('close', onClose);
  const timer = setInterval(() => void run(), EVERY_MS);
  if (client.status === 'ready') void run();
  return {
    identity: () => id,
    answers: () => answers,
    close() {
      closed = true;
      clearInterval(timer);
      client.off('ready', onReady).off('close', onClose);
    },
  };
}
