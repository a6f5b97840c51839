// The steps of one attempt: resolve → generate → validate → publish. A stop (cancel, timeout, drain) aborts the signal
// that all steps share. The machine stays in its state until the step has ended, so that no attempt ends while its
// engine still runs.

import { assign, fromPromise, setup } from 'xstate';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { LossCause } from '../../compose/lifecycle-event.ts';
import type { PackageRecord, ResolvedInput } from '../ports.ts';

export type Step<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: ComposeFailure };

export type AttemptOutcome =
  | { readonly type: 'published' }
  | { readonly type: 'failed'; readonly failure: ComposeFailure }
  /** The signal was aborted; its reason is a `StopCause`. No process of the engine is left. */
  | {
      readonly type: 'stopped';
      /** The service whose answer the attempt waited for; null where it waited for none. */
      readonly upstream: string | null;
    }
  /** The database or the files were lost; the compose may be published or not. */
  | { readonly type: 'lost'; readonly what: LossCause }
  /** Publishing was refused: a later attempt has begun, or a cancel came first. */
  | { readonly type: 'refused' };

export interface AttemptSteps {
  readonly signal: AbortSignal;
  resolve(): Promise<Step<ResolvedInput>>;
  generate(input: ResolvedInput): Promise<Step<null>>;
  validate(): Promise<Step<readonly PackageRecord[]>>;
  publish(input: ResolvedInput, packages: readonly PackageRecord[]): Promise<'published' | 'refused'>;
}

interface AttemptContext {
  readonly steps: AttemptSteps;
  readonly input: ResolvedInput | null;
  readonly packages: readonly PackageRecord[];
  readonly outcome: AttemptOutcome;
}

export const attemptMachine = setup({
  types: {
    context: {} as AttemptContext,
    input: {} as AttemptSteps,
    output: {} as AttemptOutcome,
  },
  actors: {
    resolve: fromPromise<Step<ResolvedInput>, AttemptContext>(({ input }) => input.steps.resolve()),
    generate: fromPromise<Step<null>, AttemptContext>(({ input }) => input.steps.generate(resolvedInput(input))),
    validate: fromPromise<Step<readonly PackageRecord[]>, AttemptContext>(({ input }) => input.steps.validate()),
    publish: fromPromise<'published' | 'refused', AttemptContext>(({ input }) =>
      input.steps.publish(resolvedInput(input), input.packages),
    ),
  },
  guards: {
    stopped: ({ context }) => context.steps.signal.aborted,
    failed: (_, step: Step<unknown>) => !step.ok,
  },
  actions: {
    fail: assign((_, step: Step<unknown>) =>
      step.ok ? {} : { outcome: { type: 'failed', failure: step.failure } as const },
    ),
  },
}).createMachine({
  id: 'attempt',
  context: ({ input }) => ({ steps: input, input: null, packages: [], outcome: { type: 'stopped', upstream: null } }),
  initial: 'resolve',
  states: {
    resolve: {
      invoke: {
        src: 'resolve',
        input: ({ context }) => context,
        onDone: [
          { guard: 'stopped', target: 'ended' },
          { guard: { type: 'failed', params: outputOf }, target: 'ended', actions: { type: 'fail', params: outputOf } },
          {
            target: 'generate',
            actions: assign(({ event }) => (event.output.ok ? { input: event.output.value } : {})),
          },
        ],
      },
    },
    generate: {
      invoke: {
        src: 'generate',
        input: ({ context }) => context,
        onDone: [
          { guard: 'stopped', target: 'ended' },
          { guard: { type: 'failed', params: outputOf }, target: 'ended', actions: { type: 'fail', params: outputOf } },
          { target: 'validate' },
        ],
      },
    },
    validate: {
      invoke: {
        src: 'validate',
        input: ({ context }) => context,
        onDone: [
          { guard: 'stopped', target: 'ended' },
          { guard: { type: 'failed', params: outputOf }, target: 'ended', actions: { type: 'fail', params: outputOf } },
          {
            target: 'publish',
            actions: assign(({ event }) => (event.output.ok ? { packages: event.output.value } : {})),
          },
        ],
      },
    },
    publish: {
      invoke: {
        src: 'publish',
        input: ({ context }) => context,
        onDone: { target: 'ended', actions: assign(({ event }) => ({ outcome: { type: event.output } })) },
      },
    },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.outcome,
});

function outputOf<T>({ event }: { event: { output: T } }): T {
  return event.output;
}

function resolvedInput(context: AttemptContext): ResolvedInput {
  if (!context.input) throw new Error('A step ran before the source was resolved');
  return context.input;
}
