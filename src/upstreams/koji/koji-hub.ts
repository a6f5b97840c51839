// Asks a Koji hub: one question, or many in multiCalls of bounded size. Answers are checked against a schema before anyone
// relies on them, large ones in slices, so that the event loop goes on; what does not fit is UPSTREAM_UNAVAILABLE.

import type { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import { faultFailure } from './faults.ts';
import { HubTransport, type HubAnswer } from './hub-transport.ts';
import type { KojiProfile } from './koji-profile.ts';
import { encodePath } from './path-info.ts';
import { readFault, type XmlRpcFault, type XmlRpcStruct, type XmlRpcValue } from '../xml-rpc/value.ts';
import { NotExpressible, writeCall } from '../xml-rpc/writer.ts';

export type Asked<T> = { readonly value: T } | { readonly failure: ComposeFailure };

export type Entry<T> = { readonly value: T } | { readonly fault: XmlRpcFault };

export interface Question {
  readonly method: string;
  readonly args: readonly XmlRpcValue[];
  readonly kwargs?: XmlRpcStruct;
}

export class KojiHub {
  readonly profile: KojiProfile;
  readonly #transport: HubTransport;

  constructor(profile: KojiProfile) {
    this.profile = profile;
    this.#transport = new HubTransport(profile);
  }

  async ask<T>(question: Question, schema: z.ZodType<T>, signal: AbortSignal): Promise<Asked<T>> {
    const answer = await this.answer(question, signal);
    if ('failure' in answer) return answer;
    if ('fault' in answer) return { failure: faultFailure(answer.fault, this.profile, question.method) };
    return this.#check(question.method, answer.value, schema);
  }

  /** The same for an answer that is a list, which may be long. */
  async askRows<T>(question: Question, row: z.ZodType<T>, signal: AbortSignal): Promise<Asked<readonly T[]>> {
    const answer = await this.answer(question, signal);
    if ('failure' in answer) return answer;
    if ('fault' in answer) return { failure: faultFailure(answer.fault, this.profile, question.method) };
    return this.checkRows(question.method, answer.value, row, signal);
  }

  /** Many questions, answered in their order; the first fault is the failure of all. */
  async askAll<T>(
    questions: readonly Question[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Asked<readonly T[]>> {
    const each = await this.askEach(questions, schema, signal);
    if ('failure' in each) return each;
    const values: T[] = [];
    for (const [index, entry] of each.value.entries()) {
      if ('fault' in entry)
        return { failure: faultFailure(entry.fault, this.profile, questions[index]?.method ?? 'multiCall') };
      values.push(entry.value);
    }
    return { value: values };
  }

  /** The same, each with its own fault. At most `multiCallSize` go in one request; requests go side by side. */
  async askEach<T>(
    questions: readonly Question[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Asked<readonly Entry<T>[]>> {
    const slices = slicesOf(questions, this.profile.multiCallSize);
    // One that fails ends the others: nobody would look at their answers.
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    let failed: ComposeFailure | null = null;
    const answered = await Promise.all(
      slices.map(async (slice) => {
        try {
          const answers = await this.#multiCall(slice, schema, both);
          if ('value' in answers) return answers.value;
          failed ??= answers.failure;
          stop.abort();
        } catch (error) {
          if (!stop.signal.aborted || signal.aborted) throw error;
        }
        return [];
      }),
    );
    return failed ? { failure: failed } : { value: answered.flat() };
  }

  /** What the hub answers, faults as they are. */
  async answer({ method, args, kwargs }: Question, signal: AbortSignal): Promise<HubAnswer> {
    let body: string;
    try {
      body = writeCall(method, withKeywords(args, kwargs));
    } catch (error) {
      if (!(error instanceof NotExpressible)) throw error;
      return { failure: failure('INVALID_SOURCE', `Koji cannot be asked for this: ${error.message}`) };
    }
    return this.#transport.post(body, signal);
  }

  /** Whether Koji serves a file, by its path below `topUrl`. */
  async hasFile(path: string, signal: AbortSignal): Promise<Asked<boolean>> {
    if (this.profile.topUrl === null) throw new Error('a profile without topUrl serves no files');
    const found = await this.#transport.exists(`${this.profile.topUrl}/${encodePath(path)}`, signal);
    return 'failure' in found ? found : { value: found.exists };
  }

  async checkRows<T>(
    method: string,
    value: unknown,
    row: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Asked<readonly T[]>> {
    if (!Array.isArray(value)) return this.#notUnderstood(method, 'it is not a list');
    return await runInSlices(this.#checkEach(method, value, row), signal);
  }

  *#checkEach<T>(
    method: string,
    items: readonly unknown[],
    row: z.ZodType<T>,
  ): Generator<void, Asked<readonly T[]>, void> {
    const rows: T[] = [];
    for (const item of items) {
      yield;
      const checked = this.#check(method, item, row);
      if ('failure' in checked) return checked;
      rows.push(checked.value);
    }
    return { value: rows };
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #multiCall<T>(
    questions: readonly Question[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Asked<readonly Entry<T>[]>> {
    const calls = questions.map(({ method, args, kwargs }) => ({
      methodName: method,
      params: withKeywords(args, kwargs),
    }));
    const answer = await this.answer({ method: 'multiCall', args: [calls] }, signal);
    if ('failure' in answer) return answer;
    if ('fault' in answer) return { failure: faultFailure(answer.fault, this.profile, 'multiCall') };
    const entries = answer.value;
    if (!Array.isArray(entries) || entries.length !== questions.length)
      return this.#notUnderstood('multiCall', 'it does not answer each of the calls');
    return await runInSlices(this.#checkEntries(questions, entries as readonly XmlRpcValue[], schema), signal);
  }

  *#checkEntries<T>(
    questions: readonly Question[],
    entries: readonly XmlRpcValue[],
    schema: z.ZodType<T>,
  ): Generator<void, Asked<readonly Entry<T>[]>, void> {
    const checkedEntries: Entry<T>[] = [];
    for (const [index, { method }] of questions.entries()) {
      yield;
      const entry = entries[index] ?? null;
      const fault = readFault(entry);
      if (fault) {
        checkedEntries.push({ fault });
        continue;
      }
      if (!Array.isArray(entry) || entry.length !== 1)
        return this.#notUnderstood('multiCall', 'an answer in it is neither value nor fault');
      const checked = this.#check(method, (entry as readonly XmlRpcValue[])[0] ?? null, schema);
      if ('failure' in checked) return checked;
      checkedEntries.push(checked);
    }
    return { value: checkedEntries };
  }

  #check<T>(method: string, value: unknown, schema: z.ZodType<T>): Asked<T> {
    const checked = schema.safeParse(value);
    if (checked.success) return { value: checked.data };
    const [issue] = checked.error.issues;
    return this.#notUnderstood(
      method,
      issue ? `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}` : 'unknown',
    );
  }

  #notUnderstood(method: string, why: string): { readonly failure: ComposeFailure } {
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `Koji (${this.profile.name}) answered ${method} in a form that is not Koji's`,
        why,
      ),
    };
  }
}

/** Koji's way of keyword arguments: a struct marked `__starstar` in the last place. */
function withKeywords(args: readonly XmlRpcValue[], kwargs: XmlRpcStruct | undefined): readonly XmlRpcValue[] {
  return kwargs === undefined ? args : [...args, { ...kwargs, __starstar: true }];
}

function slicesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
