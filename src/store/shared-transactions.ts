// Work that would wait for the same lock goes together: while one transaction is being committed, what arrives is
// collected, and all of it is the next one. Commits of one owner's requests come one after the other and each waits for
// the disk, so this is what decides how many are accepted in a second. Who comes alone does not wait for company.

import { IdempotencyKeyTaken, type ComposeStore, type ComposeTransaction } from '../app/ports.ts';
import { sqlState } from './database.ts';

interface Member {
  readonly work: (tx: ComposeTransaction) => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** So that no lock is held for long. */
const MOST = 50;

export function sharedTransactions(transaction: ComposeStore['transaction']): ComposeStore['transactionTogether'] {
  /** Those that wait, by key, which is here for as long as a transaction of it is under way. */
  const waiting = new Map<string, Member[]>();

  async function commitAll(key: string, members: Member[]): Promise<void> {
    while (members.length > 0) await commit(transaction, members.splice(0, MOST));
    waiting.delete(key);
  }

  return async <T>(key: string, work: (tx: ComposeTransaction) => Promise<T>): Promise<T> => {
    const outcome: { value?: T } = {};
    await new Promise<void>((resolve, reject) => {
      const member: Member = { work: async (tx) => void (outcome.value = await work(tx)), resolve, reject };
      const members = waiting.get(key);
      if (members) {
        members.push(member);
        return;
      }
      const first = [member];
      waiting.set(key, first);
      void commitAll(key, first);
    });
    return outcome.value as T;
  };
}

/** Where what one of them wanted was not possible, nothing was committed, and they go again: without it, and then it alone. */
async function commit(transaction: ComposeStore['transaction'], members: readonly Member[]): Promise<void> {
  let current: Member | undefined;
  try {
    await transaction(async (tx) => {
      for (current of members) await current.work(tx);
      // What fails from here on is nobody's own.
      current = undefined;
    });
  } catch (error) {
    const culprit = current;
    if (members.length > 1 && culprit && isItsOwn(error)) {
      await commit(
        transaction,
        members.filter((member) => member !== culprit),
      );
      // What was in its way may be the same request, of this very transaction: whoever is refused must be able to find that.
      return commit(transaction, [culprit]);
    }
    // Also where the connection was lost while it was being committed: nobody knows whether it was, and none is done twice.
    for (const member of members) member.reject(error);
    return;
  }
  for (const member of members) member.resolve();
}

/** What it wanted to store is there already, or cannot be stored: the others have nothing to do with it. */
function isItsOwn(error: unknown): boolean {
  return error instanceof IdempotencyKeyTaken || /^2[23]/.test(sqlState(error) ?? '');
}
