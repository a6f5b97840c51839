// `ComposeFilter` as SQL conditions. A list of one becomes an equality, so that an index can give the order as well.

import type { ComposeFilter } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { timestamp, validId } from './compose-row.ts';

/** Collects conditions and their parameters. */
export class Conditions {
  readonly parameters: unknown[] = [];
  readonly #conditions: string[] = [];

  parameter(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  add(condition: string): void {
    this.#conditions.push(condition);
  }

  oneOf(column: string, values: readonly string[] | undefined, type = 'text'): void {
    if (values === undefined) return;
    const [first] = values;
    if (values.length === 1) this.add(`${column} = ${this.parameter(first)}::${type}`);
    else this.add(`${column} = any(${this.parameter(values)}::${type}[])`);
  }

  /** `prefix` and the conditions so far; nothing where there is none. */
  where(...more: readonly string[]): string {
    const all = [...this.#conditions, ...more];
    return all.length === 0 ? '' : `where ${all.join(' and ')}`;
  }
}

/** For a condition that holds for every owner when it is null. */
export function ownersOf({ owners }: ReadPolicy): readonly string[] | null {
  return owners === 'ALL' ? null : owners;
}

export function addPolicy(conditions: Conditions, { owners }: ReadPolicy): void {
  if (owners !== 'ALL') conditions.oneOf('c.owner', owners);
}

/** A condition on the compose `id`: the owners of parameter `owners` may read it, or one that reuses it. */
export function readableOrReused(id: string, owners: string): string {
  return `(${owners}::text[] is null or exists (select 1 from compose o where (o.id = ${id} or o.reuses = ${id}) and o.owner = any(${owners}::text[])))`;
}

/** All of the filter but its states, which mean another thing to events. */
export function addFilter(conditions: Conditions, filter: ComposeFilter): void {
  if (filter.ids)
    conditions.oneOf(
      'c.id',
      filter.ids.filter((id) => validId(id) !== null),
      'bigint',
    );
  conditions.oneOf('c.owner', filter.owners);
  conditions.oneOf('c.source_type', filter.sourceTypes);
  conditions.oneOf('c.compose_type', filter.composeTypes);
  if (filter.source !== undefined) {
    const source = conditions.parameter(filter.source);
    conditions.add(
      `hashtextextended(c.source_key, 0) = hashtextextended(${source}::text, 0) and c.source_key = ${source}`,
    );
  }
  if (filter.label !== undefined) conditions.add(`c.label = ${conditions.parameter(filter.label)}`);
  if (filter.pungiComposeId !== undefined)
    conditions.add(`c.pungi_compose_id = ${conditions.parameter(filter.pungiComposeId)}`);
  if (filter.submittedAfter)
    conditions.add(`c.submitted_at > ${conditions.parameter(timestamp(filter.submittedAfter))}::timestamptz`);
  if (filter.submittedBefore)
    conditions.add(`c.submitted_at < ${conditions.parameter(timestamp(filter.submittedBefore))}::timestamptz`);
}

export function addStates(conditions: Conditions, filter: ComposeFilter): void {
  conditions.oneOf('c.state', filter.states);
}
