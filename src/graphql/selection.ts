// Whether an operation selects a field below the one that is resolved, so that a query is made only when it is needed.
// Directives are ignored: a field that @skip leaves out counts as selected.

import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

export function selects(info: GraphQLResolveInfo, name: string): boolean {
  return info.fieldNodes.some((node) => node.selectionSet && contains(node.selectionSet, name, info));
}

function contains(set: SelectionSetNode, name: string, info: GraphQLResolveInfo): boolean {
  return set.selections.some((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value === name;
      case Kind.INLINE_FRAGMENT:
        return contains(selection.selectionSet, name, info);
      case Kind.FRAGMENT_SPREAD: {
        const fragment = info.fragments[selection.name.value];
        return fragment !== undefined && contains(fragment.selectionSet, name, info);
      }
    }
  });
}
