import { connect } from 'node:net';

export type RedisReply = string | number | null | readonly RedisReply[];

/** What could be read, and where it ended; undefined while the reply is not complete. */
type Parsed = { readonly value: RedisReply | Error; readonly end: number } | undefined;

function parse(data: Buffer, from: number): Parsed {
  const lineEnd = data.indexOf('\r\n', from);
  if (lineEnd < 0) return undefined;
  const line = data.toString('utf8', from + 1, lineEnd);
  const end = lineEnd + 2;
  const kind = String.fromCharCode(data[from]!);
  if (kind === '+') return { value: line, end };
  if (kind === '-') return { value: new Error(line), end };
  if (kind === ':') return { value: Number(line), end };
  const length = Number(line);
  if (length < 0) return { value: null, end };
  if (kind === '$') {
    if (data.length < end + length + 2) return undefined;
    return { value: data.toString('utf8', end, end + length), end: end + length + 2 };
  }
  return parseList(data, end, length);
}

function parseList(data: Buffer, from: number, length: number): Parsed {
  const list: RedisReply[] = [];
  let end = from;
  for (let i = 0; i < length; i++) {
    const part = parse(data, end);
    if (part === undefined) return undefined;
    list.push(part.value instanceof Error ? part.value.message : part.value);
    ({ end } = part);
  }
  return { value: list, end };
}

/** Sends one command to a Redis on this machine and answers its reply. Throws what Redis calls an error. */
export function redisCommand(port: number, parts: readonly string[]): Promise<RedisReply> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let data: Buffer = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy(new Error('Redis gave no answer')));
    socket.once('error', reject).once('close', () => reject(new Error('Redis closed the connection')));
    socket.on('data', (more) => {
      data = Buffer.concat([data, more]);
      const reply = parse(data, 0);
      if (reply === undefined) return;
      if (reply.value instanceof Error) reject(reply.value);
      else resolve(reply.value);
      socket.destroy();
    });
    const words = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${parts.length}\r\n${words.join('')}`);
  });
}
