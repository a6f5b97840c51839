// The limits of an operation: above what people and tools need (introspection is 15 levels deep), low enough that no
// document keeps the process busy. Rules report errors; an exception would close a WebSocket with all its operations.

import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import { GraphQLError, type ASTNode, type ASTVisitor, type ValidationContext, type ValidationRule } from 'graphql';
import { isStorable, UNSTORABLE_TEXT } from './storable-text.ts';

export const LIMITS = {
  bodyBytes: 1_000_000,
  tokens: 10_000,
  depth: 16,
  aliases: 50,
  selections: 1_000,
  cost: 5_000,
} as const;

type Reject = (context: ValidationContext | null, error: GraphQLError) => void;

const reporting = {
  propagateOnRejection: false,
  onReject: [
    ((context, error) =>
      context?.reportError(new GraphQLError(error.message.replace(/^Syntax Error: /, '')))) satisfies Reject,
  ],
};

/** They run before the rules of GraphQL, some of which take long for documents that these refuse. */
export const LIMIT_RULES: readonly ValidationRule[] = [
  maxDepthRule({ n: LIMITS.depth, ignoreIntrospection: false, flattenFragments: true, ...reporting }),
  maxAliasesRule({ n: LIMITS.aliases, ...reporting }),
  maxSelectionsRule,
  noNulRule,
];

/** Selections as written. The check for conflicting fields takes quadratic time. */
function maxSelectionsRule(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const selections = countSelections(document.definitions);
      if (selections > LIMITS.selections) {
        context.reportError(
          new GraphQLError(`The document selects ${selections} fields and fragments; ${LIMITS.selections} are allowed`),
        );
      }
    },
  };
}

/** Texts in the document. variables.ts checks those in variables. */
function noNulRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      if (!isStorable(node.value)) context.reportError(new GraphQLError(UNSTORABLE_TEXT, { nodes: [node] }));
    },
  };
}

function countSelections(nodes: readonly ASTNode[]): number {
  return nodes.reduce((sum, node) => {
    const set = 'selectionSet' in node ? node.selectionSet : undefined;
    return set ? sum + set.selections.length + countSelections(set.selections) : sum;
  }, 0);
}
