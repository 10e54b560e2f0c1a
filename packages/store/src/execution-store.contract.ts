import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { commitContract } from './contract/commit.ts';
import { createContract } from './contract/create.ts';
import { leaseContract } from './contract/leases.ts';
import { lookContract } from './contract/looks.ts';
import { raceContract } from './contract/races.ts';
import type { Subject } from './contract/subject.ts';

/** An implementation under test. */
export interface ContractHost {
  /** Before all tests. */
  start?(): Promise<void>;
  /** Before each test: a subject in which nothing is stored. */
  subject(): Promise<Subject>;
  /** After all tests. */
  stop?(): Promise<void>;
}

/** The rules of the port ExecutionStore, to be held by every implementation. */
export function executionStoreContract(name: string, host: ContractHost): void {
  describe(`execution store contract: ${name}`, () => {
    let subject: Subject | undefined;
    beforeAll(async () => host.start?.());
    afterAll(async () => host.stop?.());
    beforeEach(async () => {
      subject = await host.subject();
    });
    const current = (): Subject => {
      if (subject === undefined) throw new Error('only within a test');
      return subject;
    };
    createContract(current);
    commitContract(current);
    leaseContract(current);
    lookContract(current);
    raceContract(current);
  });
}

export type { Subject };
