import { partitionOf } from '@tiercel/model';
import type { DueWakeUp, Look, Member } from '../ports/execution-store.ts';
import { lookOf, looksOf, type Row, type Tables } from './tables.ts';

/** After 5 s, then doubling to 60 s; a step sets the count back. */
function push(tables: Tables, row: Row): void {
  const { owesAt, owesTries } = row;
  const wait = Math.min(60, 5 * 2 ** (owesTries + 1)) * 1_000;
  tables.setOwes(row, tables.clock.now() + wait, Math.min(owesTries + 1, 4));
  tables.relaxed(() => tables.setOwes(row, owesAt, owesTries));
}

export function claimLooks(
  tables: Tables,
  { limit, inboxAgeMs }: { readonly limit: number; readonly inboxAgeMs: number },
): readonly Look[] {
  const now = tables.clock.now();
  const due = [...tables.owing].filter((row) => row.owesAt! <= now);
  due.sort((a, b) => a.owesAt! - b.owesAt!);
  const claimed = due.slice(0, limit);
  for (const row of claimed) push(tables, row);

  const old: { readonly row: Row; readonly createdAt: number }[] = [];
  for (const row of tables.waiting) {
    for (const { createdAt } of row.inbox.values()) if (createdAt < now - inboxAgeMs) old.push({ row, createdAt });
  }
  old.sort((a, b) => a.createdAt - b.createdAt);
  return looksOf([...claimed, ...old.slice(0, limit).map(({ row }) => row)]);
}

export function claimAllLooks(
  tables: Tables,
  after: string | undefined,
  limit: number,
  partitions?: readonly number[],
): readonly Look[] {
  const owing = [...tables.owing].filter(
    ({ execution: { id } }) =>
      (after === undefined || id > after) && (partitions === undefined || partitions.includes(partitionOf(id))),
  );
  owing.sort((a, b) => (a.execution.id < b.execution.id ? -1 : 1));
  const claimed = owing.slice(0, limit);
  for (const row of claimed) push(tables, row);
  return claimed.map(lookOf);
}

export function dueWakeUps(tables: Tables, horizonMs: number, limit: number): readonly DueWakeUp[] {
  const now = tables.clock.now();
  const due = [...tables.wakeUps.values()].filter((wakeUp) => wakeUp.dueAt <= now + horizonMs);
  due.sort((a, b) => a.dueAt - b.dueAt);
  return due.slice(0, limit).map(({ id, dueAt }) => ({ id, inMs: dueAt - now }));
}

export function fireWakeUps(tables: Tables, ids: readonly string[]): readonly Look[] {
  const now = tables.clock.now();
  const fired: Row[] = [];
  for (const id of ids) {
    const due = tables.wakeUps.get(id);
    if (due === undefined || due.dueAt > now) continue;
    tables.synced();
    tables.wakeUps.delete(id);
    const row = tables.rows.get(due.executionId)!;
    tables.tell(row, id, { kind: 'wake-up', wakeUp: due.wakeUp });
    fired.push(row);
  }
  return looksOf(fired);
}

export function announce(tables: Tables, member: Member, aliveMs: number): readonly Member[] {
  const now = tables.clock.now();
  tables.members.set(member.id, { member: { ...member }, seenAt: now });
  const others = [...tables.members.values()].filter(
    ({ member: { id }, seenAt }) => id !== member.id && seenAt > now - aliveMs,
  );
  return [...others.map((other) => ({ ...other.member })), { ...member }];
}

export const deadMembers = (tables: Tables, deadMs: number): readonly Member[] =>
  [...tables.members.values()]
    .filter(({ seenAt }) => seenAt < tables.clock.now() - deadMs)
    .map(({ member }) => ({ ...member }));
