// Scratch builds by task. Pungi takes the RPMs of a `build` task's buildArch children, so the task must be a finished
// `build` task with the scratch option.

import { z } from 'zod';
import type { Answer } from '../answer.ts';
import type { KojiHub } from './koji-hub.ts';
import { refuseSource } from './refuse-source.ts';

interface ScratchTask {
  readonly id: number;
  /** What was built, e.g. a git URL with its commit, or a source RPM; null if the task has none. */
  readonly source: string | null;
}

/** `koji.TASK_STATES` */
const STATES = ['waiting for a builder', 'still running', 'closed', 'canceled', 'assigned, but not started', 'failed'];
const CLOSED = STATES.indexOf('closed');
const MAX_ID = 2 ** 31 - 1;

const row = z.object({
  id: z.number().int(),
  method: z.string(),
  state: z.number().int(),
  parent: z.number().int().nullish(),
  request: z.array(z.unknown()).nullish(),
});
type Task = z.infer<typeof row>;

/** In the order of `ids`; INVALID_SOURCE names each that is no finished scratch build. */
export async function findScratchTasks(
  hub: KojiHub,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Answer<readonly ScratchTask[]>> {
  const malformed = ids.filter((id) => !/^\d{1,10}$/.test(id) || Number(id) > MAX_ID);
  if (malformed.length > 0)
    return refuseSource(
      hub.profile,
      malformed.map((id) => `“${id}” is not the number of a task`),
    );
  const calls = ids.map((id) => ({ method: 'getTaskInfo', args: [Number(id)], kwargs: { request: true } }));
  const found = await hub.callAll(calls, row.nullable(), signal);
  if ('failure' in found) return found;
  const problems: string[] = [];
  const tasks: ScratchTask[] = [];
  for (const [index, id] of ids.entries()) {
    const task = found.value[index] ?? null;
    const problem = task ? problemOf(task) : `there is no task ${id}`;
    if (problem !== null) problems.push(problem);
    else if (task) tasks.push({ id: task.id, source: sourceOf(task) });
  }
  return problems.length > 0 ? refuseSource(hub.profile, problems) : { value: tasks };
}

function problemOf(task: Task): string | null {
  const { id, method, state, parent } = task;
  if (method === 'buildArch')
    return `the task ${id} builds one arch only${parent ? `; name its parent, ${parent}, instead` : ''}`;
  if (method !== 'build') return `the task ${id} is a ${method} task, not a build task`;
  if (!isScratch(task)) return `the task ${id} is not a scratch build; name its build by name-version-release instead`;
  return state === CLOSED ? null : `the task ${id} is ${STATES[state] ?? `in state ${state}`}`;
}

/** `build(src, target, opts=None)`: positional, with `__starstar`, or as one struct with `__method__`. */
function parametersOf({ request }: Task): { readonly src: unknown; readonly opts: unknown } {
  const args = request ?? [];
  const last = args.at(-1);
  if (isRecord(last) && (last['__starstar'] === true || ('__method__' in last && args.length === 1)))
    return { src: last['src'] ?? args[0], opts: last['opts'] ?? (args.length > 3 ? args[2] : null) };
  return { src: args[0], opts: args[2] };
}

function isScratch(task: Task): boolean {
  const { opts } = parametersOf(task);
  return isRecord(opts) && opts['scratch'] === true;
}

function sourceOf(task: Task): string | null {
  const { src } = parametersOf(task);
  return typeof src === 'string' ? src : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
