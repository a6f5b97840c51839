// The work of one attempt: resolve → generate → validate → publish. Stopping (a cancel, a deadline, a drain) aborts the
// signal that all actors got and *stays* in the state until its actor has ended: leaving it at once would be final
// before the engine is dead.

import { assign, fromPromise, setup } from 'xstate';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { Lost } from '../../compose/machine.ts';
import type { PackageRecord, ResolvedInput } from '../ports.ts';

export type Step<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: ComposeFailure };

export type AttemptOutcome =
  | { readonly type: 'published' }
  | { readonly type: 'failed'; readonly failure: ComposeFailure }
  /** The signal was aborted and nothing of the engine is left; its reason says why. */
  | { readonly type: 'stopped' }
  /** The database was lost on the way, or the files: whether it is published is not known here. */
  | { readonly type: 'lost'; readonly what: Lost }
  /** Publishing was refused: the attempt is not the compose's any more, or a cancel came first. */
  | { readonly type: 'refused' };

export interface GenerationSteps {
  readonly signal: AbortSignal;
  resolve(): Promise<Step<ResolvedInput>>;
  generate(input: ResolvedInput): Promise<Step<null>>;
  validate(): Promise<Step<readonly PackageRecord[]>>;
  publish(input: ResolvedInput, packages: readonly PackageRecord[]): Promise<'published' | 'refused'>;
}

interface GenerationContext {
  readonly steps: GenerationSteps;
  readonly input: ResolvedInput | null;
  readonly packages: readonly PackageRecord[];
  readonly outcome: AttemptOutcome;
}

export const generationMachine = setup({
  types: {
    context: {} as GenerationContext,
    input: {} as GenerationSteps,
    output: {} as AttemptOutcome,
  },
  actors: {
    resolve: fromPromise<Step<ResolvedInput>, GenerationContext>(({ input }) => input.steps.resolve()),
    generate: fromPromise<Step<null>, GenerationContext>(({ input }) => input.steps.generate(resolved(input))),
    validate: fromPromise<Step<readonly PackageRecord[]>, GenerationContext>(({ input }) => input.steps.validate()),
    publish: fromPromise<'published' | 'refused', GenerationContext>(({ input }) =>
      input.steps.publish(resolved(input), input.packages),
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
  id: 'generation',
  context: ({ input }) => ({ steps: input, input: null, packages: [], outcome: { type: 'stopped' } }),
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

function resolved(context: GenerationContext): ResolvedInput {
  if (!context.input) throw new Error('The input is resolved before it is used');
  return context.input;
}
