// The checks that every operation passes before it runs, over HTTP and WebSocket: syntax, limits, validity, the types of
// its variables, and its cost. Refusals are values.

import {
  getOperationAST,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { FieldProblem } from '../../compose/refusal.ts';
import { badInput } from '../errors.ts';
import { costOf } from './cost.ts';
import { Documents } from './documents.ts';
import { LIMITS } from './limits.ts';
import { variableProblems } from './variables.ts';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

interface AdmittedOperation {
  readonly ok: true;
  readonly source: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

type Admitted = AdmittedOperation | { readonly ok: false; readonly errors: readonly GraphQLError[] };

export class Admission {
  readonly #schema: GraphQLSchema;
  readonly #documents: Documents;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
    this.#documents = new Documents(schema);
  }

  admit({ query, operationName, variables: given }: OperationRequest): Admitted {
    const prepared = this.#documents.prepare(query);
    if (!prepared.ok) return prepared;
    const { document } = prepared;
    const operation = getOperationAST(document, operationName);
    if (!operation) return refuse({ path: 'operationName', message: 'must name an operation of the document' });
    const variables = given ?? {};
    const problems = variableProblems(this.#schema, document, operation, variables);
    if (problems.length > 0) return refuse(...problems);
    const cost = costOf(this.#schema, prepared, operation, variables);
    if (cost > LIMITS.cost) {
      return refuse({
        path: 'query',
        message: `costs ${Math.ceil(cost)}, and an operation may cost ${LIMITS.cost}; select smaller pages or fewer fields`,
      });
    }
    return { ok: true, source: prepared.source, document, operation, variables };
  }
}

function refuse(...fields: readonly FieldProblem[]): { readonly ok: false; readonly errors: readonly GraphQLError[] } {
  return { ok: false, errors: [badInput(...fields)] };
}
