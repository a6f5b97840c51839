// How large an operation may be. Generous towards people and tools (introspection is 15 deep), tight enough that no
// document keeps the process busy. A rule reports and never throws: on a WebSocket that would close all subscriptions.

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

/** These come before the rules of the language, some of which take long for what these refuse. */
export const LIMIT_RULES: readonly ValidationRule[] = [
  maxDepthRule({ n: LIMITS.depth, ignoreIntrospection: false, flattenFragments: true, ...reporting }),
  maxAliasesRule({ n: LIMITS.aliases, ...reporting }),
  maxSelectionsRule,
  noNulRule,
];

/** All selections as written. Comparing fields for conflicts takes the square of their number. */
function maxSelectionsRule(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const selections = countSelections(document.definitions);
      if (selections > LIMITS.selections) {
        context.reportError(
          new GraphQLError(`At most ${LIMITS.selections} fields and fragments may be selected; found ${selections}`),
        );
      }
    },
  };
}

/** Texts in the document itself; those in variables are found by variables.ts. */
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
