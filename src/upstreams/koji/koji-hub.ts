// Calls a Koji hub: one method, or many in multiCalls of bounded size.

import type { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { runInSlices } from '../../concurrency/slices.ts';
import { readFault, type XmlRpcFault, type XmlRpcStruct, type XmlRpcValue } from '../xml-rpc/value.ts';
import { NotExpressible, writeCall } from '../xml-rpc/writer.ts';
import type { Answer, Failed } from '../answer.ts';
import { checkRows, checkValue, malformedReply } from './check-reply.ts';
import { faultFailure } from './faults.ts';
import { HubTransport, type HubReply } from './hub-transport.ts';
import type { KojiProfile } from './koji-profile.ts';
import { encodePath } from './path-info.ts';

interface HubCall {
  readonly method: string;
  readonly args: readonly XmlRpcValue[];
  readonly kwargs?: XmlRpcStruct;
}

/** What one call of a multiCall came to. */
type CallResult<T> = { readonly value: T } | { readonly fault: XmlRpcFault };

/** Every method rejects after an abort. */
export class KojiHub {
  readonly profile: KojiProfile;
  readonly #transport: HubTransport;

  constructor(profile: KojiProfile) {
    this.profile = profile;
    this.#transport = new HubTransport(profile);
  }

  async call<T>(call: HubCall, schema: z.ZodType<T>, signal: AbortSignal): Promise<Answer<T>> {
    const reply = await this.#valueOf(call, signal);
    return 'failure' in reply ? reply : checkValue(this.profile, call.method, reply.value, schema);
  }

  /** For an answer that is a list, which may be long. */
  async callRows<T>(call: HubCall, row: z.ZodType<T>, signal: AbortSignal): Promise<Answer<readonly T[]>> {
    const reply = await this.#valueOf(call, signal);
    return 'failure' in reply ? reply : checkRows(this.profile, call.method, reply.value, row, signal);
  }

  /** Results in the order of the calls; the first fault fails all. */
  async callAll<T>(
    calls: readonly HubCall[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Answer<readonly T[]>> {
    const results = await this.callEach(calls, schema, signal);
    if ('failure' in results) return results;
    const values: T[] = [];
    for (const [index, result] of results.value.entries()) {
      if ('fault' in result) return this.#faulted(result.fault, calls[index]?.method ?? 'multiCall');
      values.push(result.value);
    }
    return { value: values };
  }

  /** Results in the order of the calls, each a value or its own fault. A request carries at most `multiCallSize` calls. */
  async callEach<T>(
    calls: readonly HubCall[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Answer<readonly CallResult<T>[]>> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    let failed: ComposeFailure | null = null;
    const results = await Promise.all(
      chunksOf(calls, this.profile.multiCallSize).map(async (chunk) => {
        try {
          const answer = await this.#multiCall(chunk, schema, either);
          if ('value' in answer) return answer.value;
          failed ??= answer.failure;
          stop.abort();
        } catch (error) {
          if (!stop.signal.aborted || signal.aborted) throw error;
        }
        return [];
      }),
    );
    return failed ? { failure: failed } : { value: results.flat() };
  }

  /** Whether Koji serves a file, by its path below `topUrl`. */
  async hasFile(path: string, signal: AbortSignal): Promise<Answer<boolean>> {
    if (this.profile.topUrl === null) throw new Error('a profile without topUrl serves no files');
    return this.#transport.exists(`${this.profile.topUrl}/${encodePath(path)}`, signal);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #multiCall<T>(
    calls: readonly HubCall[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Answer<readonly CallResult<T>[]>> {
    const list = calls.map(({ method, args, kwargs }) => ({ methodName: method, params: withKeywords(args, kwargs) }));
    const reply = await this.#valueOf({ method: 'multiCall', args: [list] }, signal);
    if ('failure' in reply) return reply;
    const entries = reply.value;
    if (!Array.isArray(entries) || entries.length !== calls.length)
      return malformedReply(this.profile, 'multiCall', 'it does not have one answer for each call');
    return await runInSlices(this.#checkEntries(calls, entries as readonly XmlRpcValue[], schema), signal);
  }

  *#checkEntries<T>(
    calls: readonly HubCall[],
    entries: readonly XmlRpcValue[],
    schema: z.ZodType<T>,
  ): Generator<void, Answer<readonly CallResult<T>[]>, void> {
    const results: CallResult<T>[] = [];
    for (const [index, { method }] of calls.entries()) {
      yield;
      const entry = entries[index] ?? null;
      const fault = readFault(entry);
      if (fault) {
        results.push({ fault });
        continue;
      }
      if (!Array.isArray(entry) || entry.length !== 1)
        return malformedReply(this.profile, 'multiCall', 'an answer in it is neither a value nor a fault');
      const checked = checkValue(this.profile, method, (entry as readonly XmlRpcValue[])[0] ?? null, schema);
      if ('failure' in checked) return checked;
      results.push(checked);
    }
    return { value: results };
  }

  /** The value of a call's reply; a fault is a failure. */
  async #valueOf(call: HubCall, signal: AbortSignal): Promise<Answer<XmlRpcValue>> {
    const reply = await this.#post(call, signal);
    return 'fault' in reply ? this.#faulted(reply.fault, call.method) : reply;
  }

  async #post({ method, args, kwargs }: HubCall, signal: AbortSignal): Promise<HubReply | Failed> {
    let body: string;
    try {
      body = writeCall(method, withKeywords(args, kwargs));
    } catch (error) {
      if (!(error instanceof NotExpressible)) throw error;
      return { failure: failure('INVALID_SOURCE', `The request cannot be sent to Koji: ${error.message}.`) };
    }
    return this.#transport.post(body, signal);
  }

  #faulted(fault: XmlRpcFault, method: string): Failed {
    return { failure: faultFailure(fault, this.profile, method) };
  }
}

/** Koji's convention for keyword arguments: a last argument that is a struct with the member `__starstar`. */
function withKeywords(args: readonly XmlRpcValue[], kwargs: XmlRpcStruct | undefined): readonly XmlRpcValue[] {
  return kwargs === undefined ? args : [...args, { ...kwargs, __starstar: true }];
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
