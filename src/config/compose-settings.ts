// Settings of composes: what may be requested, how they wait, how they are generated, and how long they stay.

import { z } from 'zod';
import type { Route } from '../compose/routing.ts';
import { routesKind } from './routes.ts';
import { list, nameSchema, oneOf, seconds, setting, structure, text, wholeNumber, yesOrNo } from './setting.ts';
import { SOURCE_TYPES } from '../compose/sources/descriptors.ts';

const engine = z.enum(['auto', 'pungi', 'dnf']);

export const COMPOSE_SETTINGS = {
  'requests.arches': setting({
    env: 'ODCS_ARCHES',
    kind: list('arches', z.string().regex(/^[a-z0-9_]+$/), 1),
    default: ['x86_64'],
    text: 'Arches that requests may name. A request that names none gets all of them.',
  }),
  'requests.sigkeys': setting({
    env: 'ODCS_SIGKEYS',
    kind: list('key ids'),
    default: [],
    text: 'Sigkeys of requests that name none. Without any, packages need no signature.',
  }),
  'requests.maxOpenPerOwner': setting({
    env: 'ODCS_MAX_OPEN_COMPOSES_PER_OWNER',
    former: 'ODCS_MAX_OPEN_PER_OWNER',
    kind: wholeNumber(1, undefined, 'composes'),
    without: 'no limit',
    text: 'Composes of one owner that may wait or be generated at the same time. More are refused with RATE_LIMITED.',
  }),
  'queue.routes': setting<readonly Route[]>({
    env: 'ODCS_ROUTES',
    kind: routesKind,
    default: [],
    text: `Assigns composes to pools: the first route that fits decides, else the pool \`default\`. Must be the same in every process.`,
  }),
  'queue.maxWaitSeconds': setting({
    env: 'ODCS_MAX_WAIT_SECONDS',
    former: 'ODCS_MAX_WAIT',
    kind: seconds(1),
    default: 259_200,
    text: 'A compose that no worker has taken for so long fails with TIMED_OUT.',
  }),
  'queue.maxLostWorkers': setting({
    env: 'ODCS_MAX_LOST_WORKERS',
    former: 'ODCS_MAX_ATTEMPTS',
    kind: wholeNumber(1, 100, 'workers'),
    default: 3,
    text: 'A compose that was lost so many times, by the loss of its worker or of its database, fails with WORKER_LOST.',
  }),
  'engine.preferred': setting({
    env: 'ODCS_ENGINE',
    kind: structure(
      engine.or(z.partialRecord(z.enum(SOURCE_TYPES), engine)),
      `auto, pungi or dnf, or a mapping from source types to one of them: {REPO: dnf, TAG: auto}`,
    ),
    default: 'auto',
    text: 'The engine that generates composes. `auto` takes Pungi where pungi-koji is on the PATH, else dnf.',
  }),
  'engine.timeoutSeconds': setting({
    env: 'ODCS_ENGINE_TIMEOUT_SECONDS',
    former: 'ODCS_PUNGI_TIMEOUT',
    kind: seconds(1, 23 * 3600),
    default: 3600,
    text: 'Longest time of one attempt: reading the source, generating, checking and publishing. After it the compose fails with TIMED_OUT.',
  }),
  'engine.link': setting({
    env: 'ODCS_LINK',
    kind: oneOf(['auto', 'reflink', 'hardlink', 'copy']),
    default: 'auto',
    text: 'How the dnf engine puts RPMs into a compose. `auto` tries reflink, hard link, copy. Use `copy` when sources are rewritten in place.',
  }),
  'retention.secondsToLive': setting({
    env: 'ODCS_SECONDS_TO_LIVE',
    kind: seconds(1),
    default: 86_400,
    text: 'How long results stay when the request does not say.',
  }),
  'retention.maxSecondsToLive': setting({
    env: 'ODCS_MAX_SECONDS_TO_LIVE',
    kind: seconds(1),
    default: 259_200,
    text: 'Longest time that a request or a renewal may ask for. A longer one is shortened to this without an error. Pins may last longer.',
  }),
  'retention.leftoverGraceSeconds': setting({
    env: 'ODCS_LEFTOVER_GRACE_SECONDS',
    former: 'ODCS_LEFTOVER_GRACE',
    kind: seconds(0),
    default: 3600,
    text: 'A directory that belongs to no compose is deleted when it has not changed for so long.',
  }),
  'retention.tagCacheSeconds': setting({
    env: 'ODCS_TAG_CACHE_SECONDS',
    kind: seconds(0),
    default: 604_800,
    text: "How long Pungi's data about a Koji tag stays in the cache of the target directory. 0 turns the cache off.",
  }),
  'retention.tagCacheBytes': setting({
    env: 'ODCS_TAG_CACHE_BYTES',
    kind: wholeNumber(0, undefined, 'bytes'),
    default: 10_737_418_240,
    text: 'Largest size of that cache in each target directory. The entry that was unused for longest is evicted first.',
  }),
  'results.targetDir': setting({
    env: 'ODCS_TARGET_DIR',
    kind: text('a directory'),
    without: '`dataDir`/composes',
    text: 'Directory where results are published: the target directory with the name `default`.',
  }),
  'results.targetDirs': setting({
    env: 'ODCS_TARGET_DIRS',
    kind: structure(z.record(nameSchema, z.string().min(1)), 'a mapping from names to directories'),
    default: {},
    text: 'Further target directories by name. Requests choose one with `targetDir`.',
  }),
  'results.adoptTarget': setting({
    env: 'ODCS_ADOPT_TARGET',
    kind: yesOrNo,
    default: false,
    text: 'Takes over target directories that belong to another database. Set it for one start only.',
  }),
  'results.minFreeBytes': setting({
    env: 'ODCS_MIN_FREE_BYTES',
    kind: wholeNumber(0, undefined, 'bytes'),
    default: 268_435_456,
    text: 'With less free space in a target directory, workers begin no compose for it. Checked when a compose begins: make it larger than what the composes that run at a time can need.',
  }),
} as const;
