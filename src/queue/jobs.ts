// Jobs of composes as pg-boss takes them, and pg-boss in a transaction of ours.

import type { Db, JobInsert } from 'pg-boss';
import type { Em } from '../store/em.ts';
import { runText } from '../store/prepared.ts';
import type { ComposeJob } from './dispatcher.ts';
import { jobId } from './job-id.ts';
import type { JobEntry } from './queue-entries.ts';

export function jobOf({ id, send, rank, targetDir }: Pick<JobEntry, 'id' | 'send' | 'rank' | 'targetDir'>): JobInsert {
  const data: ComposeJob = { composeId: id };
  return { id: jobId(id, send), data, priority: -rank, singletonKey: id, group: { id: targetDir } };
}

/** pg-boss has few texts, which run for every request: prepared. */
export function transactionDb(em: Em): Db {
  return { executeSql: async (text, values = []) => ({ rows: [...(await runText(em, text, values))] }) };
}
