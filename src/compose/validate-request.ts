// From what a client sent to an accepted request, or to every problem with it at once, each naming its field. Syntax,
// limits and configuration only: nothing here does I/O. The characters allowed are no substitute for escaping; whoever
// writes a value into a configuration still serialises it.

import type { CreateComposeInput } from './input.ts';
import type { FieldProblem } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import { additionsOf, SOURCE_FIELDS, type ComposeSource } from './source.ts';
import { Check, unique } from './validation/check.ts';
import { readLocation } from './validation/context.ts';
import { readFlags } from './validation/flags.ts';
import { NAME, SIGKEY } from './validation/names.ts';
import { readSource } from './validation/read-source.ts';
import { LIMITS, type RequestRules } from './validation/rules.ts';
import { readSecondsToLive } from './validation/seconds-to-live.ts';
import type { ComposeResult, SourceType } from './vocabulary.ts';

export { LIMITS, type RequestRules } from './validation/rules.ts';

const LABEL = /^(EA|DevelPhaseExit|InternalAlpha|Alpha|InternalSnapshot|Beta|Snapshot|RC|Update|SecurityFix)-\d+\.\d+$/;

export function validateRequest(
  input: CreateComposeInput,
  rules: RequestRules,
): { readonly request: ComposeRequest } | { readonly problems: readonly FieldProblem[] } {
  const check = new Check();
  const source = readSource(input, rules, check);
  if (source) refuseImpossible(source, rules, check);
  const arches = check.oneOf('input.arches', input.arches ?? [...rules.arches], rules.arches, 'arch');
  if (input.arches?.length === 0) check.fail('input.arches', 'must name at least one arch, or be left out');
  const results = readResults(input, source?.type, rules, check);
  const composeType = input.composeType ?? 'TEST';
  const request = {
    secondsToLive: readSecondsToLive(input.secondsToLive, rules, check),
    arches,
    flags: readFlags(input.flags ?? [], source?.type, check),
    results,
    sigkeys: check.strings('input.sigkeys', input.sigkeys ?? rules.sigkeys, SIGKEY),
    multilibArches: check.oneOf('input.multilibArches', input.multilibArches ?? [], arches, 'arch of this request'),
    multilibMethods: unique(input.multilibMethods ?? []),
    lookasideRepos: (input.lookasideRepos ?? []).map((repo, index) =>
      readLocation(`input.lookasideRepos.${index}`, repo, rules, check),
    ),
    composeType,
    label: readLabel(input.label, composeType, check),
    targetDir: check.known('input.targetDir', input.targetDir ?? 'default', rules.targetDirs, 'target directory'),
    parentPungiComposeIds: check.strings('input.parentPungiComposeIds', input.parentPungiComposeIds, NAME),
    respinOf: input.respinOf == null ? null : check.text('input.respinOf', input.respinOf, NAME),
  };
  check.size('input.lookasideRepos', request.lookasideRepos, LIMITS.list);
  if (
    input.idempotencyKey != null &&
    (input.idempotencyKey === '' || input.idempotencyKey.length > LIMITS.idempotencyKey)
  ) {
    check.fail('input.idempotencyKey', `must be 1 to ${LIMITS.idempotencyKey} characters`);
  }
  if (check.problems.length > 0 || !source) return { problems: check.problems };
  return { request: { source, ...request } };
}

function refuseImpossible(source: ComposeSource, { impossible }: RequestRules, check: Check): void {
  const without = impossible?.get(source.type) ?? [];
  for (const addition of additionsOf(source).filter((one) => without.includes(one))) {
    check.fail(
      `input.source.${SOURCE_FIELDS[source.type]}.${addition}`,
      'can be taken by the engine pungi only, which is not configured for this source here (ODCS_ENGINE); leave it out',
    );
  }
}

function readResults(
  input: CreateComposeInput,
  type: SourceType | undefined,
  rules: RequestRules,
  check: Check,
): ComposeResult[] {
  const results = unique<ComposeResult>(input.results ?? ['REPOSITORY']);
  if (results.length === 0) check.fail('input.results', 'must name at least one result, or be left out');
  const possible = type && rules.capabilities.get(type);
  for (const [index, result] of results.entries()) {
    if (possible && !possible.has(result)) {
      check.fail(
        `input.results.${index}`,
        `no configured engine makes ${result} from this source; possible here: ${[...possible].join(', ')}`,
      );
    }
  }
  return results;
}

function readLabel(label: string | null | undefined, composeType: string, check: Check): string | null {
  if (label != null && !LABEL.test(label))
    check.fail('input.label', 'must be a milestone and a version, e.g. RC-1.0 or Beta-1.2');
  if (label == null && composeType === 'PRODUCTION')
    check.fail('input.label', 'is needed for a PRODUCTION compose, e.g. RC-1.0');
  return label ?? null;
}
