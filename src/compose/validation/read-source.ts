// The one source that a request names.

import type { CreateComposeInput } from '../input.ts';
import { additionsOf } from '../sources/additions.ts';
import { SOURCE_DESCRIPTORS, SOURCE_TYPES, type ComposeSource } from '../sources/descriptors.ts';
import type { Check } from './check.ts';
import type { RequestRules } from './rules.ts';

/** Null if the input does not name one source, or one that no engine of this server can compose. */
export function readSource(input: CreateComposeInput, rules: RequestRules, check: Check): ComposeSource | null {
  const given = SOURCE_TYPES.filter((type) => input.source[SOURCE_DESCRIPTORS[type].field] != null);
  const [type] = given;
  if (!type || given.length > 1) {
    const fields = SOURCE_TYPES.map((known) => SOURCE_DESCRIPTORS[known].field);
    check.fail('input.source', `must name exactly one of ${fields.join(', ')}; ${given.length} are given`);
    return null;
  }
  const descriptor = SOURCE_DESCRIPTORS[type];
  const { [descriptor.field]: sourceInput } = input.source;
  const path = `input.source.${descriptor.field}`;
  if (!rules.capabilities.has(type)) {
    const needed = [...(descriptor.neededSetting ? [descriptor.neededSetting] : []), 'an engine that can compose it'];
    const possible = [...rules.capabilities.keys()].map((able) => SOURCE_DESCRIPTORS[able].field).join(', ') || 'none';
    check.fail(path, `is not available here, it needs ${needed.join(' and ')}; possible here: ${possible}`);
    return null;
  }
  if (!sourceInput) return null;
  const source = descriptor.validate({ path, composeType: input.composeType ?? 'TEST', rules, check }, sourceInput);
  refuseUnsupportedAdditions(source, path, rules, check);
  return source;
}

function refuseUnsupportedAdditions(
  source: ComposeSource,
  path: string,
  { unsupportedAdditions }: RequestRules,
  check: Check,
): void {
  const unsupported = unsupportedAdditions?.get(source.type) ?? [];
  for (const addition of additionsOf(source).filter((used) => unsupported.includes(used)))
    check.fail(
      `${path}.${addition}`,
      'needs the engine pungi, which is not configured for this source here (ODCS_ENGINE); leave it out',
    );
}
