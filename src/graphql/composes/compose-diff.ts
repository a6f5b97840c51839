// The query that compares the packages of two composes. The lists that are selected share one read of the changes.

import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ChangeCounts, ChangeKey, ChangesPage, ComparedComposes } from '../../app/diff-composes.ts';
import type { PackageChangeKind } from '../../compose/package-diff.ts';
import { isStorable } from '../admission/storable-text.ts';
import type { OperationContext } from '../context.ts';
import { decodeCursor, encodeCursor, NOT_A_CURSOR } from '../cursor.ts';
import { badInput, valueOf } from '../errors.ts';
import { AFTER, FIRST } from '../page-arguments.ts';
import { pageSize } from '../page-size.ts';
import { PackageChangeKindEnum } from '../types/enums.ts';
import { ComposeDiffType, PackageChangeConnection } from '../types/package-diff.ts';

/** The changes that the four lists have together. */
const MAX_LISTED = 5_000;
const optional = { nullable: true } as const;

@ArgsType()
class ChangesArguments {
  @Field(() => PackageChangeKindEnum, { ...optional, description: 'Only changes of this kind. Default: all.' })
  kind?: PackageChangeKind | null;

  @Field(() => String, {
    ...optional,
    description: 'Only packages whose name contains this text, with case. Default: all.',
  })
  nameContains?: string | null;

  @Field(() => Int, { ...optional, defaultValue: 100, description: FIRST })
  first: number | null;

  @Field(() => String, { ...optional, description: AFTER })
  after?: string | null;
}

@Resolver(() => ComposeDiffType)
export class ComposeDiffQuery {
  @Query(() => ComposeDiffType, {
    description:
      'Compares the packages of two DONE composes. An unknown id is `NOT_FOUND`, a compose in another state a `CONFLICT`.',
  })
  async composeDiff(
    @Arg('from', () => ID, { description: 'The id of a DONE compose, usually the older one.' }) from: string,
    @Arg('to', () => ID, { description: 'The id of the DONE compose to compare with it.' }) to: string,
    @Ctx() context: OperationContext,
  ): Promise<ComposeDiffType> {
    return diffOf(valueOf(await context.api.comparable(context.viewer, { from, to })), context);
  }

  @FieldResolver(() => PackageChangeConnection, { description: 'All changes, in pages, ordered by name and arch.' })
  async changes(
    @Root() { composes }: ComposeDiffType,
    @Args(() => ChangesArguments) { kind, nameContains, first, after }: ChangesArguments,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<PackageChangeConnection> {
    const { limit } = pageSize({ first });
    const query = {
      limit,
      ...(kind != null && { kind }),
      ...(nameContains != null && { nameContains }),
      ...(after != null && { after: keyOf(after) }),
    };
    const { items, hasNextPage } = valueOf(await api.changes(viewer, composes, query));
    const edges = items.map(({ change, key }) => ({ cursor: cursorOf(key), node: change }));
    return {
      edges,
      nodes: edges.map(({ node }) => node),
      pageInfo: {
        hasNextPage,
        hasPreviousPage: after != null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      totalCount: async () =>
        totalOf(valueOf(await api.changeCounts(viewer, composes, nameContains ?? undefined)), kind),
    };
  }
}

function diffOf(composes: ComparedComposes, { api, viewer }: OperationContext): ComposeDiffType {
  let reading: Promise<ChangesPage> | undefined;
  const listed = async (kind: PackageChangeKind) => {
    reading ??= api.changes(viewer, composes, { limit: MAX_LISTED }).then(valueOf);
    return (await reading).items.map(({ change }) => change).filter((change) => change.kind === kind);
  };
  const listedPackages = async (kind: 'ADDED' | 'REMOVED') =>
    valueOf(await api.changedPackages(viewer, composes, await listed(kind)));
  return {
    composes,
    async counts() {
      const { ADDED, REMOVED, UPGRADED, DOWNGRADED } = valueOf(await api.changeCounts(viewer, composes));
      return { added: ADDED, removed: REMOVED, upgraded: UPGRADED, downgraded: DOWNGRADED };
    },
    added: () => listedPackages('ADDED'),
    removed: () => listedPackages('REMOVED'),
    upgraded: () => listed('UPGRADED'),
    downgraded: () => listed('DOWNGRADED'),
  };
}

function totalOf(counts: ChangeCounts, kind: PackageChangeKind | null | undefined): number {
  return kind ? counts[kind] : Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function cursorOf({ name, arch, index }: ChangeKey): string {
  return encodeCursor(['CHANGE', name, arch, index]);
}

function keyOf(cursor: string): ChangeKey {
  const [list, name, arch, index] = decodeCursor(cursor) ?? [];
  if (list === 'CHANGE' && isText(name) && isText(arch) && typeof index === 'number') return { name, arch, index };
  throw badInput({ path: 'after', message: NOT_A_CURSOR });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isStorable(value);
}
