// Parses and validates documents. Recent ones are kept, and equal texts share one document.

import {
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  visit,
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import type { FieldProblem } from '../../compose/refusal.ts';
import { badInput } from '../errors.ts';
import { LIMIT_RULES, LIMITS } from './limits.ts';

export interface PreparedDocument {
  readonly ok: true;
  readonly source: string;
  readonly document: DocumentNode;
  /** The costs of its operations, by the variables that they depend on (cost.ts). */
  readonly costs: Map<string, number>;
}

type Prepared = PreparedDocument | { readonly ok: false; readonly errors: readonly GraphQLError[] };

const CACHED = 500;
/** Longer documents are rarely sent twice. */
const CACHED_LENGTH = 20_000;
const MAX_ERRORS = 20;

export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #known = new Map<string, Prepared>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  prepare(source: string): Prepared {
    const known = this.#known.get(source);
    if (known) return known;
    const prepared = this.#prepare(source);
    if (prepared.ok && source.length <= CACHED_LENGTH) this.#remember(source, prepared);
    return prepared;
  }

  #prepare(source: string): Prepared {
    let document: DocumentNode;
    try {
      document = parse(source, { maxTokens: LIMITS.tokens });
    } catch (error) {
      return { ok: false, errors: [syntaxError(error)] };
    }
    // The limits come first, because some rules of GraphQL take long for documents that are too large.
    for (const rules of [LIMIT_RULES, specifiedRules]) {
      const errors = validate(this.#schema, document, rules, { maxErrors: MAX_ERRORS });
      if (errors.length > 0) return { ok: false, errors: errors.map((error) => validationError(document, error)) };
    }
    return { ok: true, source, document, costs: new Map() };
  }

  #remember(source: string, prepared: Prepared): void {
    if (this.#known.size >= CACHED) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(source, prepared);
  }
}

function syntaxError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return withFields(error, [{ path: 'query', message: error.message }]);
  // The parser is recursive, and deep nesting exhausts its stack.
  return badInput({ path: 'query', message: 'is nested too deeply' });
}

function validationError(document: DocumentNode, error: GraphQLError): GraphQLError {
  const [node] = error.nodes ?? [];
  const path = node && inputPath(document, node);
  return withFields(error, [{ path: path || 'query', message: error.message }]);
}

function withFields(error: GraphQLError, fields: readonly FieldProblem[]): GraphQLError {
  const { message, nodes = null, source = null, positions = null } = error;
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    extensions: { code: 'BAD_USER_INPUT', retryable: false, fields },
  });
}

/** The path in the input of a value in the document, e.g. `input.source.repo.packages.3`. */
function inputPath(document: DocumentNode, wanted: ASTNode): string {
  let found = '';
  const steps: (string | null)[] = [];
  visit(document, {
    enter(node, key, parent) {
      const inList = Array.isArray(parent) && typeof key === 'number' && !('name' in node);
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) steps.push(node.name.value);
      else steps.push(inList && steps.some((step) => step !== null) ? String(key) : null);
      if (node === wanted) found = steps.filter((step) => step !== null).join('.');
    },
    leave() {
      steps.pop();
    },
  });
  return found;
}
