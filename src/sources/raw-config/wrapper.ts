// The wrapper of a raw configuration: a mustache template with the fields of the compose. What it inserts are literals,
// and nothing else can be asked of it: no unescaped value, no other template, no field that there is not.

import mustache from 'mustache';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import { literal, type LiteralKind, type LiteralValue } from './literal.ts';

export type WrapperResult = { readonly text: string } | { readonly problem: string };

/** By `.json` at its end a template is JSON; else it is in Pungi's own syntax, whose literals are Python's. */
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

/** What a template may name, as `{{compose.label}}`; lists also as sections. */
export function fieldsOf(compose: Compose, commit: string): Readonly<Record<string, LiteralValue>> {
  const {
    id,
    owner,
    composeType,
    label,
    targetDir,
    respinOf,
    arches,
    sigkeys,
    flags,
    results,
    multilibArches,
    multilibMethods,
    lookasideRepos,
    parentPungiComposeIds,
  } = compose;
  const { name, kojiEvent, builds, modules } = sourceOfType(compose, 'RAW_CONFIG');
  return {
    id: Number(id),
    owner,
    name,
    commit,
    kojiEvent,
    builds,
    modules,
    composeType: composeType.toLowerCase(),
    label,
    targetDir,
    respinOf,
    arches,
    sigkeys,
    flags,
    results,
    multilibArches,
    multilibMethods,
    lookasideRepos,
    parentPungiComposeIds,
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
      throw new Error(`it names {{${token[1]}}}, which is no field of a compose`);
    return literal(value, this.#kind);
  }

  override unescapedValue(token: string[]): string {
    throw new Error(`it wants ${token[1]} unescaped; only {{…}} may be used`);
  }

  override renderPartial(token: string[]): string {
    throw new Error(`it includes another template, ${token[1]}`);
  }
}
