import type { Refusal } from '../compose/refusal.ts';

const LONGEST_SHOWN = 40;

/** The refusal for an id that no compose has, or none that the viewer may read. */
export function noSuchCompose(id: string): Refusal {
  return { code: 'NOT_FOUND', message: `There is no compose ${id.slice(0, LONGEST_SHOWN)}` };
}
