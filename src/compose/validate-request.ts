// Turns the input of createCompose into an accepted request, or reports every problem with it, each with its field. It
// checks syntax, limits and configuration, and does no I/O.

import type { CreateComposeInput } from './input.ts';
import type { FieldProblem } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import { readLocation } from './sources/shared-fields.ts';
import type { SourceType } from './sources/descriptors.ts';
import { Check, unique } from './validation/check.ts';
import { readFlags } from './validation/flags.ts';
import { NAME, SIGKEY } from './validation/names.ts';
import { readSource } from './validation/read-source.ts';
import { checkIdempotencyKey, readSecondsToLive } from './validation/request-fields.ts';
import { LIMITS, type RequestRules } from './validation/rules.ts';
import type { ComposeResult } from './vocabulary.ts';

/** As productmd defines labels: a milestone and a version. */
const LABEL = /^(EA|DevelPhaseExit|InternalAlpha|Alpha|InternalSnapshot|Beta|Snapshot|RC|Update|SecurityFix)-\d+\.\d+$/;

export function validateRequest(
  input: CreateComposeInput,
  rules: RequestRules,
): { readonly request: ComposeRequest } | { readonly problems: readonly FieldProblem[] } {
  const check = new Check();
  const source = readSource(input, rules, check);
  const type = source?.type ?? null;
  const arches = check.oneOf('input.arches', input.arches ?? [...rules.arches], rules.arches, 'an arch of this server');
  if (input.arches?.length === 0) check.fail('input.arches', 'must name at least one arch, or be left out');
  const composeType = input.composeType ?? 'TEST';
  const request = {
    results: readResults(input, type, rules, check),
    secondsToLive: readSecondsToLive(input.secondsToLive, rules, check),
    arches,
    flags: readFlags(input.flags ?? [], type, check),
    sigkeys: check.strings('input.sigkeys', input.sigkeys ?? rules.sigkeys, SIGKEY),
    multilibArches: check.oneOf('input.multilibArches', input.multilibArches ?? [], arches, 'an arch of this request'),
    multilibMethods: unique(input.multilibMethods ?? []),
    lookasideRepos: readLookasideRepos(input.lookasideRepos ?? [], rules, check),
    composeType,
    label: readLabel(input.label, composeType, check),
    targetDir: check.known(
      'input.targetDir',
      input.targetDir ?? 'default',
      rules.targetDirs,
      'a target directory of this server',
    ),
    parentPungiComposeIds: check.strings('input.parentPungiComposeIds', input.parentPungiComposeIds, NAME),
    respinOf: input.respinOf == null ? null : check.text('input.respinOf', input.respinOf, NAME),
  };
  checkIdempotencyKey(input.idempotencyKey, check);
  if (check.problems.length > 0 || !source) return { problems: check.problems };
  return { request: { source, ...request } };
}

function readLookasideRepos(repos: readonly string[], rules: RequestRules, check: Check): string[] {
  check.size('input.lookasideRepos', repos, LIMITS.list);
  return repos.map((repo, index) => readLocation(`input.lookasideRepos.${index}`, repo, rules, check));
}

function readResults(
  input: CreateComposeInput,
  type: SourceType | null,
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
        `cannot be ${result}, because no engine of this server makes it from this source; possible here: ${[...possible].join(', ')}`,
      );
    }
  }
  return results;
}

function readLabel(label: string | null | undefined, composeType: string, check: Check): string | null {
  if (label != null && !LABEL.test(label))
    check.fail('input.label', 'must be a milestone and a version, e.g. RC-1.0 or Beta-1.2');
  if (label == null && composeType === 'PRODUCTION')
    check.fail('input.label', 'is needed for composeType PRODUCTION; give a milestone and a version, e.g. RC-1.0');
  return label ?? null;
}
