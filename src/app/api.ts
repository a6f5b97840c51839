// What the resolvers need of the service: the use cases, and the ports to read from. main.ts puts one together;
// tests may do so in memory.

import type { Plan } from './plan-compose.ts';
import type {
  Clock,
  ComposeStore,
  Engine,
  EventLog,
  Feed,
  PackageRecord,
  PackageStore,
  ProgressStore,
  Results,
} from './ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { CreateComposeInput } from '../compose/input.ts';
import type { PackageDiff } from '../compose/package-diff.ts';
import type { Pin, PinComposeInput } from '../compose/pin.ts';
import type { Outcome } from '../compose/refusal.ts';
import type { RenewComposeInput } from '../compose/renewal.ts';
import type { Viewer } from '../compose/viewer.ts';

export interface Api {
  create(
    viewer: Viewer,
    input: CreateComposeInput,
  ): Promise<Outcome<{ readonly compose: Compose; readonly replayed: boolean }>>;
  cancel(viewer: Viewer, request: { readonly id: string; readonly reason: string | null }): Promise<Outcome<Compose>>;
  remove(viewer: Viewer, request: { readonly id: string; readonly reason: string | null }): Promise<Outcome<Compose>>;
  plan(viewer: Viewer, input: CreateComposeInput): Promise<Outcome<Plan>>;
  diff(viewer: Viewer, from: string, to: string): Promise<Outcome<PackageDiff<PackageRecord>>>;
  pin(viewer: Viewer, input: PinComposeInput): Promise<Outcome<{ readonly compose: Compose; readonly pin: Pin }>>;
  unpin(viewer: Viewer, input: { readonly id: string; readonly name: string }): Promise<Outcome<Compose>>;
  renew(
    viewer: Viewer,
    input: RenewComposeInput,
  ): Promise<Outcome<{ readonly compose: Compose; readonly regenerated: boolean }>>;
  /** When it will be done; `queuePosition` for one that waits. Null where that cannot be told. */
  estimate(compose: Compose, queuePosition: number | null): Promise<Date | null>;
  readonly store: Pick<ComposeStore, 'find' | 'findMany' | 'page' | 'count' | 'queuePositions' | 'pinsOf'>;
  readonly events: EventLog;
  readonly feed: Pick<Feed, 'follow'>;
  readonly progress: Pick<ProgressStore, 'findMany'>;
  readonly packages: PackageStore;
  readonly results: Pick<Results, 'repoFile' | 'urls' | 'readLog'>;
  readonly engines: readonly Pick<Engine, 'info'>[];
  readonly cursors: EventCursors;
  readonly clock: Clock;
  readonly settings: ApiSettings;
}

/** Positions of the event log as clients see them: opaque, and bound to this database. */
export interface EventCursors {
  encode(position: bigint): string;
  /** Null for what is no cursor, or one of another database. */
  decode(cursor: string): bigint | null;
}

export interface ApiSettings {
  readonly version: string;
  readonly authBackends: readonly string[];
  readonly sigkeys: readonly string[];
  readonly rawConfigs: readonly { readonly name: string; readonly url: string; readonly commit: string | null }[];
  readonly defaultSecondsToLive: number;
  readonly maxSecondsToLive: number;
}
