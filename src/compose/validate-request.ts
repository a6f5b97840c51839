// From what a client sent to an accepted request, or to every problem with it at once, each naming its field. Syntax,
// limits and configuration only: nothing here does I/O. The characters allowed are no substitute for escaping; whoever
// writes a value into a configuration still serialises it.

import type { ComposeSourceInput, CreateComposeInput } from './input.ts';
import { parseLocation, type LocationBounds } from './location.ts';
import type { FieldProblem } from './refusal.ts';
import type { ComposeRequest } from './request.ts';
import { SOURCE_FIELDS, type ComposeSource } from './source.ts';
import { SOURCE_TYPES, type ComposeResult, type SourceType } from './vocabulary.ts';

export interface RequestRules extends LocationBounds {
  readonly arches: readonly string[];
  readonly targetDirs: readonly string[];
  readonly secondsToLive: number;
  readonly maxSecondsToLive: number;
  /** Source types that some configured engine can do, and the results that it gives of them. */
  readonly capabilities: ReadonlyMap<SourceType, ReadonlySet<ComposeResult>>;
}

const NAME = /^[A-Za-z0-9 \-/_.:#+?$~]+$/;
const PACKAGE = /^[A-Za-z0-9_*?[.][A-Za-z0-9._+\-~^:*?[\]!@%=,]*$/;
const SIGKEY = /^[0-9A-Za-z]{0,64}$/;
const LABEL = /^(EA|DevelPhaseExit|InternalAlpha|Alpha|InternalSnapshot|Beta|Snapshot|RC|Update|SecurityFix)-\d+\.\d+$/;
const NAME_CHARACTERS = 'ASCII letters, digits, blanks and - / _ . : # + ? $ ~';

export const LIMITS = { name: 255, list: 1_000, packages: 5_000, idempotencyKey: 200 } as const;

export function validateRequest(
  input: CreateComposeInput,
  rules: RequestRules,
): { readonly request: ComposeRequest } | { readonly problems: readonly FieldProblem[] } {
  const check = new Check();
  const source = readSource(input.source, rules, check);
  const arches = check.oneOf('input.arches', input.arches ?? [...rules.arches], rules.arches, 'arch');
  if (input.arches?.length === 0) check.fail('input.arches', 'must name at least one arch, or be left out');
  const results = readResults(input, source?.type, rules, check);
  const composeType = input.composeType ?? 'TEST';
  const request = {
    secondsToLive: readSecondsToLive(input.secondsToLive, rules, check),
    arches,
    flags: unique(input.flags ?? []),
    results,
    sigkeys: check.strings('input.sigkeys', input.sigkeys, SIGKEY, 'letters and digits, or an empty string for unsigned'),
    multilibArches: check.oneOf('input.multilibArches', input.multilibArches ?? [], arches, 'arch of this request'),
    multilibMethods: unique(input.multilibMethods ?? []),
    lookasideRepos: (input.lookasideRepos ?? []).map((repo, index) => readLocation(`input.lookasideRepos.${index}`, repo, rules, check)),
    composeType,
    label: readLabel(input.label, composeType, check),
    targetDir: check.known('input.targetDir', input.targetDir ?? 'default', rules.targetDirs, 'target directory'),
    parentPungiComposeIds: check.strings('input.parentPungiComposeIds', input.parentPungiComposeIds, NAME, NAME_CHARACTERS),
    respinOf: input.respinOf == null ? null : check.text('input.respinOf', input.respinOf, NAME, NAME_CHARACTERS),
  };
  check.size('input.lookasideRepos', request.lookasideRepos, LIMITS.list);
  if (input.idempotencyKey != null && (input.idempotencyKey === '' || input.idempotencyKey.length > LIMITS.idempotencyKey)) {
    check.fail('input.idempotencyKey', `must be 1 to ${LIMITS.idempotencyKey} characters`);
  }
  if (check.problems.length > 0 || !source) return { problems: check.problems };
  return { request: { source, ...request } };
}

function readSource(input: ComposeSourceInput, rules: RequestRules, check: Check): ComposeSource | null {
  const given = SOURCE_TYPES.filter((type) => input[SOURCE_FIELDS[type]] != null);
  const [type] = given;
  if (!type || given.length > 1) {
    check.fail('input.source', `must name exactly one of ${Object.values(SOURCE_FIELDS).join(', ')}; ${given.length} are given`);
    return null;
  }
  if (!rules.capabilities.has(type)) {
    const can = [...rules.capabilities.keys()].map((able) => SOURCE_FIELDS[able]).join(', ') || 'none';
    check.fail(`input.source.${SOURCE_FIELDS[type]}`, `no configured engine can do this source; possible here: ${can}`);
    return null;
  }
  return readRepo(input, rules, check);
}

function readRepo(input: ComposeSourceInput, rules: RequestRules, check: Check): ComposeSource | null {
  if (!input.repo) return null;
  const path = 'input.source.repo';
  return {
    type: 'REPO',
    repo: readLocation(`${path}.repo`, input.repo.repo, rules, check),
    packages: check.strings(`${path}.packages`, input.repo.packages, PACKAGE, 'a package name or glob', LIMITS.packages),
    revisions: null,
  };
}

function readLocation(path: string, text: string, rules: RequestRules, check: Check): string {
  const location = parseLocation(text, rules);
  if ('problem' in location) {
    check.fail(path, location.problem);
    return text;
  }
  return location.kind === 'path' ? location.path : location.url;
}

function readResults(input: CreateComposeInput, type: SourceType | undefined, rules: RequestRules, check: Check): ComposeResult[] {
  const results = unique<ComposeResult>(input.results ?? ['REPOSITORY']);
  if (results.length === 0) check.fail('input.results', 'must name at least one result, or be left out');
  const possible = type && rules.capabilities.get(type);
  for (const [index, result] of results.entries()) {
    if (possible && !possible.has(result)) {
      check.fail(`input.results.${index}`, `no configured engine makes ${result} from this source; possible here: ${[...possible].join(', ')}`);
    }
  }
  return results;
}

function readSecondsToLive(asked: number | null | undefined, rules: RequestRules, check: Check): number {
  if (asked == null) return rules.secondsToLive;
  if (!Number.isInteger(asked) || asked <= 0) check.fail('input.secondsToLive', `must be a whole number of seconds above 0; more than ${rules.maxSecondsToLive} is capped`);
  return Math.min(asked, rules.maxSecondsToLive);
}

function readLabel(label: string | null | undefined, composeType: string, check: Check): string | null {
  if (label != null && !LABEL.test(label)) check.fail('input.label', 'must be a milestone and a version, e.g. RC-1.0 or Beta-1.2');
  if (label == null && composeType === 'PRODUCTION') check.fail('input.label', 'is needed for a PRODUCTION compose, e.g. RC-1.0');
  return label ?? null;
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

/** Collects problems, so that a client learns of all of them at once; values come back as given. */
class Check {
  readonly problems: FieldProblem[] = [];

  fail(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  text(path: string, value: string, pattern: RegExp, allowed: string): string {
    if (value.length > LIMITS.name) this.fail(path, `must be at most ${LIMITS.name} characters`);
    else if (!pattern.test(value)) this.fail(path, value.trim() === '' ? `must not be empty` : `may hold only: ${allowed}`);
    return value;
  }

  strings(path: string, values: readonly string[] | null | undefined, pattern: RegExp, allowed: string, limit: number = LIMITS.list): string[] {
    const items = values ?? [];
    // One line tells it: a problem for each of ten thousand items would help nobody.
    if (this.size(path, items, limit)) items.forEach((value, index) => this.text(`${path}.${index}`, value, pattern, allowed));
    return unique(items);
  }

  size(path: string, values: readonly unknown[], limit: number): boolean {
    if (values.length > limit) this.fail(path, `must hold at most ${limit} items; it holds ${values.length}`);
    return values.length <= limit;
  }

  oneOf(path: string, values: readonly string[], known: readonly string[], what: string): string[] {
    if (this.size(path, values, LIMITS.list)) values.forEach((value, index) => this.known(`${path}.${index}`, value, known, what));
    return unique(values);
  }

  known(path: string, value: string, known: readonly string[], what: string): string {
    if (!known.includes(value)) this.fail(path, `is no ${what} known here; one of: ${known.join(', ')}`);
    return value;
  }
}
