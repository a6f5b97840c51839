// The query that compares the packages of two composes. Its fields are resolved when they are selected: the lists from
// one page of changes, the counts from one query.

import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import type { ChangeCounts, ChangeKey, ChangesPage, ComparedComposes } from '../../app/diff-composes.ts';
import type { PackageRecord } from '../../app/ports.ts';
import type { PackageChange, PackageChangeKind } from '../../compose/package-diff.ts';
import { isStorable } from '../admission/storable-text.ts';
import type { OperationContext } from '../context.ts';
import { decodeCursor, encodeCursor, NOT_A_CURSOR } from '../cursor.ts';
import { badInput, valueOf } from '../errors.ts';
import { AFTER, FIRST } from '../page-arguments.ts';
import { pageSize } from '../page-size.ts';
import { PackageChangeKindEnum } from '../types/enums.ts';
import {
  ComposeDiffCounts,
  ComposeDiffType,
  PackageChangeConnection,
  PackageChangeType,
} from '../types/package-diff.ts';
import { PackageType } from '../types/package.ts';

/** The changes that the four lists have together. */
const MAX_LISTED = 5_000;
const LIMIT =
  'The four lists have the first 5,000 changes together; `counts` has the exact numbers, and `changes` has all.';
const optional = { nullable: true } as const;

/** A diff whose reads are shared by the fields that are selected. */
class ComposeDiff {
  readonly composes: ComparedComposes;
  readonly #context: OperationContext;
  #listed: Promise<ChangesPage> | null = null;
  readonly #counts = new Map<string | undefined, Promise<ChangeCounts>>();

  constructor(composes: ComparedComposes, context: OperationContext) {
    this.composes = composes;
    this.#context = context;
  }

  async listed(kind: PackageChangeKind): Promise<readonly PackageChange[]> {
    const { api, viewer } = this.#context;
    this.#listed ??= api.changes(viewer, this.composes, { limit: MAX_LISTED }).then(valueOf);
    const { items } = await this.#listed;
    return items.map(({ change }) => change).filter((change) => change.kind === kind);
  }

  async listedPackages(kind: 'ADDED' | 'REMOVED'): Promise<readonly PackageRecord[]> {
    const { api, viewer } = this.#context;
    return valueOf(await api.changedPackages(viewer, this.composes, await this.listed(kind)));
  }

  counts(nameContains?: string): Promise<ChangeCounts> {
    const { api, viewer } = this.#context;
    const counting =
      this.#counts.get(nameContains) ?? api.changeCounts(viewer, this.composes, nameContains).then(valueOf);
    this.#counts.set(nameContains, counting);
    return counting;
  }
}

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
  ): Promise<ComposeDiff> {
    return new ComposeDiff(valueOf(await context.api.comparable(context.viewer, { from, to })), context);
  }

  @FieldResolver(() => ComposeDiffCounts, { description: 'The exact number of changes of each kind.' })
  async counts(@Root() diff: ComposeDiff): Promise<ComposeDiffCounts> {
    const { ADDED: added, REMOVED: removed, UPGRADED: upgraded, DOWNGRADED: downgraded } = await diff.counts();
    return { added, removed, upgraded, downgraded };
  }

  @FieldResolver(() => PackageChangeConnection, { description: 'All changes, in pages, ordered by name and arch.' })
  async changes(
    @Root() diff: ComposeDiff,
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
    const { items, hasNextPage } = valueOf(await api.changes(viewer, diff.composes, query));
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
      totalCount: async () => totalOf(await diff.counts(nameContains ?? undefined), kind),
    };
  }

  @FieldResolver(() => [PackageType], { description: `Packages that only the compose \`to\` has. ${LIMIT}` })
  added(@Root() diff: ComposeDiff): Promise<readonly PackageType[]> {
    return diff.listedPackages('ADDED');
  }

  @FieldResolver(() => [PackageType], { description: `Packages that only the compose \`from\` has. ${LIMIT}` })
  removed(@Root() diff: ComposeDiff): Promise<readonly PackageType[]> {
    return diff.listedPackages('REMOVED');
  }

  @FieldResolver(() => [PackageChangeType], {
    description: `Packages with a newer version in the compose \`to\`. ${LIMIT}`,
  })
  upgraded(@Root() diff: ComposeDiff): Promise<readonly PackageChangeType[]> {
    return diff.listed('UPGRADED');
  }

  @FieldResolver(() => [PackageChangeType], {
    description: `Packages with an older version in the compose \`to\`. ${LIMIT}`,
  })
  downgraded(@Root() diff: ComposeDiff): Promise<readonly PackageChangeType[]> {
    return diff.listed('DOWNGRADED');
  }
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
