// The wrapper of a raw configuration: a mustache template with the fields of the compose. It inserts literals only; unescaped
// values, other templates and unknown fields are problems.

import mustache from 'mustache';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import { literal, type LiteralKind, type LiteralValue } from './literal.ts';

type WrapperResult = { readonly text: string } | { readonly problem: string };

/** A template whose path ends with `.json` is JSON; any other one is in Pungi's syntax, which has Python's literals. */
export function wrapperKind(path: string): LiteralKind {
  return path.endsWith('.json') ? 'json' : 'python';
}

export function renderWrapper(template: string, compose: Compose, commit: string, kind: LiteralKind): WrapperResult {
  try {
    return { text: new LiteralWriter(kind).render(template, { compose: fieldsOf(compose, commit) }) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** The fields of a template, e.g. `{{compose.label}}`; lists are also sections. */
function fieldsOf(compose: Compose, commit: string): Readonly<Record<string, LiteralValue>> {
  const source = sourceOfType(compose, 'RAW_CONFIG');
  return {
    id: Number(compose.id),
    owner: compose.owner,
    name: source.name,
    commit,
    kojiEvent: source.kojiEvent,
    builds: source.builds,
    modules: source.modules,
    composeType: compose.composeType.toLowerCase(),
    label: compose.label,
    targetDir: compose.targetDir,
    respinOf: compose.respinOf,
    arches: compose.arches,
    sigkeys: compose.sigkeys,
    flags: compose.flags,
    results: compose.results,
    multilibArches: compose.multilibArches,
    multilibMethods: compose.multilibMethods,
    lookasideRepos: compose.lookasideRepos,
    parentPungiComposeIds: compose.parentPungiComposeIds,
  };
}

class LiteralWriter extends mustache.Writer {
  readonly #kind: LiteralKind;

  constructor(kind: LiteralKind) {
    super();
    this.#kind = kind;
  }

  override escapedValue(token: string[], context: InstanceType<typeof mustache.Context>): string {
    const value: unknown = context.lookup(token[1] ?? '');
    if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value)))
      throw new Error(`it names {{${token[1]}}}, which is not a field of a compose`);
    return literal(value, this.#kind);
  }

  override unescapedValue(token: string[]): string {
    throw new Error(`it inserts ${token[1]} unescaped; only {{…}} is allowed`);
  }

  override renderPartial(token: string[]): string {
    throw new Error(`it includes another template, ${token[1]}`);
  }
}
