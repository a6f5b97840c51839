// Renewing a compose: more time for the same files, or the same compose again with other sigkeys, builds or modules. A
// compose that is generated again uses the same Koji event, module versions or commit, so that nothing else differs.

import type { Compose } from './compose.ts';
import type { FieldProblem } from './refusal.ts';
import { requestOf, type ComposeRequest } from './request.ts';
import type { RenewedItems, SourceContext } from './sources/descriptor.ts';
import { descriptorOf } from './sources/descriptors.ts';
import { Check, type Strings } from './validation/check.ts';
import { SIGKEY } from './validation/names.ts';
import { checkIdempotencyKey, readSecondsToLive } from './validation/request-fields.ts';
import type { RequestRules } from './validation/rules.ts';

export interface RenewComposeInput {
  readonly id: string;
  readonly secondsToLive?: number | null | undefined;
  readonly sigkeys?: Strings;
  readonly builds?: Strings;
  readonly modules?: Strings;
  readonly idempotencyKey?: string | null | undefined;
}

export interface Renewal extends RenewedItems {
  readonly secondsToLive: number;
  /** Null: as they are. */
  readonly sigkeys: readonly string[] | null;
}

export function validateRenewal(
  input: RenewComposeInput,
  { source, composeType }: Compose,
  rules: RequestRules,
): { readonly renewal: Renewal } | { readonly problems: readonly FieldProblem[] } {
  const check = new Check();
  const context: SourceContext = { path: 'input', composeType, rules, check };
  const { field, renewBuilds, renewModules } = descriptorOf(source);
  const read = (name: 'builds' | 'modules', reader: typeof renewBuilds): readonly string[] | null => {
    const { [name]: items } = input;
    if (items == null) return null;
    if (reader) return reader(context, items, source);
    check.fail(`input.${name}`, `does not apply to a compose of a source ${field}; leave it out`);
    return items;
  };
  const renewal = {
    secondsToLive: readSecondsToLive(input.secondsToLive, rules, check),
    sigkeys: input.sigkeys == null ? null : check.strings('input.sigkeys', input.sigkeys, SIGKEY),
    builds: read('builds', renewBuilds),
    modules: read('modules', renewModules),
  };
  checkIdempotencyKey(input.idempotencyKey, check);
  return check.problems.length > 0 ? { problems: check.problems } : { renewal };
}

/** Whether the renewal asks for other content than the compose has. */
export function differs({ source, sigkeys }: Compose, renewal: Renewal): boolean {
  // The order is the order of preference, so another order gives another result.
  if (renewal.sigkeys && JSON.stringify(renewal.sigkeys) !== JSON.stringify(sigkeys)) return true;
  if (renewal.builds && 'builds' in source && !sameItems(renewal.builds, source.builds)) return true;
  if (!renewal.modules || !('modules' in source)) return false;
  const resolved = 'resolvedModules' in source ? source.resolvedModules : null;
  return !sameItems(renewal.modules, source.modules) && !(resolved && sameItems(renewal.modules, resolved));
}

function sameItems(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(others);
  return new Set(some).size === set.size && some.every((item) => set.has(item));
}

/** The request that generates the compose again. `respinOf` is the Pungi compose id of the first one. */
export function respin(compose: Compose, renewal: Renewal, respinOf: string | null): ComposeRequest {
  return {
    ...requestOf(compose),
    source: descriptorOf(compose.source).respin(compose.source, renewal),
    secondsToLive: renewal.secondsToLive,
    sigkeys: renewal.sigkeys ?? compose.sigkeys,
    respinOf,
  };
}
