// Checks what the hub answered against a schema before anything relies on it. Long lists are checked in slices, so that
// the event loop goes on.

import type { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import type { Answer, Failed } from '../answer.ts';
import type { KojiProfile } from './koji-profile.ts';

export function checkValue<T>(profile: KojiProfile, method: string, value: unknown, schema: z.ZodType<T>): Answer<T> {
  const checked = schema.safeParse(value);
  if (checked.success) return { value: checked.data };
  const [issue] = checked.error.issues;
  const where = issue?.path.map(String).join('.') || 'the whole answer';
  return malformedReply(profile, method, `${where}: ${issue?.message}`);
}

export async function checkRows<T>(
  profile: KojiProfile,
  method: string,
  value: unknown,
  row: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Answer<readonly T[]>> {
  if (!Array.isArray(value)) return malformedReply(profile, method, 'it is not a list');
  return await runInSlices(checkEach(profile, method, value, row), signal);
}

function* checkEach<T>(
  profile: KojiProfile,
  method: string,
  items: readonly unknown[],
  row: z.ZodType<T>,
): Generator<void, Answer<readonly T[]>, void> {
  const rows: T[] = [];
  for (const item of items) {
    yield;
    const checked = checkValue(profile, method, item, row);
    if ('failure' in checked) return checked;
    rows.push(checked.value);
  }
  return { value: rows };
}

export function malformedReply({ name, server }: KojiProfile, method: string, details: string): Failed {
  const message = `Koji (${name}) at ${server} answered ${method} in an unknown form. Ask the operators of this service whether the URL is that of a Koji hub, and whether its version is supported.`;
  return { failure: failure('UPSTREAM_UNAVAILABLE', message, details) };
}
