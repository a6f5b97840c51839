// Scratch builds by task: only finished `build` tasks that were asked for as scratch. Pungi takes the RPMs of their buildArch
// children, so that a buildArch task itself is no use.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import type { Asked, KojiHub } from './koji-hub.ts';

export interface ScratchTask {
  readonly id: number;
  /** What was built, e.g. a git URL with commit or a source RPM; null where the task does not tell. */
  readonly source: string | null;
}

const CLOSED = 2;
const STATES = ['waiting for a builder', 'still running', 'closed', 'canceled', 'assigned and not begun', 'failed'];
const MAX_ID = 2 ** 31 - 1;

const task = z.object({
  id: z.number().int(),
  method: z.string(),
  state: z.number().int(),
  parent: z.number().int().nullish(),
  request: z.array(z.unknown()).nullish(),
});
type Task = z.infer<typeof task>;

/** In the order asked; INVALID_SOURCE names each that is none. */
export async function findScratchTasks(
  hub: KojiHub,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Asked<readonly ScratchTask[]>> {
  const odd = ids.filter((id) => !/^\d{1,10}$/.test(id) || Number(id) > MAX_ID);
  if (odd.length > 0)
    return refuse(
      hub,
      odd.map((id) => `“${id}” is not the number of a task`),
    );
  const questions = ids.map((id) => ({ method: 'getTaskInfo', args: [Number(id)], kwargs: { request: true } }));
  const found = await hub.askAll(questions, task.nullable(), signal);
  if ('failure' in found) return found;
  const problems: string[] = [];
  const tasks: ScratchTask[] = [];
  for (const [index, id] of ids.entries()) {
    const one = found.value[index] ?? null;
    const problem = one ? problemOf(one) : `there is no task ${id}`;
    if (problem !== null) problems.push(problem);
    else if (one) tasks.push({ id: one.id, source: sourceOf(one) });
  }
  return problems.length > 0 ? refuse(hub, problems) : { value: tasks };
}

function problemOf(one: Task): string | null {
  const { id, method, state, parent } = one;
  if (method === 'buildArch')
    return `task ${id} builds one arch only${parent ? `; ask for its parent, ${parent}` : ''}`;
  if (method !== 'build') return `task ${id} is a ${method} task, not a build`;
  if (!isScratch(one)) return `task ${id} is not a scratch build; ask for its build by name-version-release`;
  return state === CLOSED ? null : `task ${id} is ${STATES[state] ?? `in state ${state}`}`;
}

/** `build(src, target, opts=None)`: by place, by `__starstar`, or as one struct with `__method__`. */
function parameters({ request }: Task): { readonly src: unknown; readonly opts: unknown } {
  const args = request ?? [];
  const last = args.at(-1);
  if (isRecord(last) && (last['__starstar'] === true || ('__method__' in last && args.length === 1))) {
    return { src: last['src'] ?? args[0], opts: last['opts'] ?? (args.length > 3 ? args[2] : null) };
  }
  return { src: args[0], opts: args[2] };
}

function isScratch(one: Task): boolean {
  const { opts } = parameters(one);
  return isRecord(opts) && opts['scratch'] === true;
}

function sourceOf(one: Task): string | null {
  const { src } = parameters(one);
  return typeof src === 'string' ? src : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(hub: KojiHub, problems: readonly string[]): { readonly failure: ReturnType<typeof failure> } {
  return {
    failure: failure(
      'INVALID_SOURCE',
      `Koji (${hub.profile.name}): ${problems.slice(0, 10).join('; ')}${problems.length > 10 ? ' …' : ''}`,
      problems.length > 10 ? problems.join('\n') : null,
    ),
  };
}
