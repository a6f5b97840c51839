// Arguments of a hub's method, and the faults for wrong ones, as in kojihub.py.

import type { XmlRpcFault, XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';
import type { FakeBuild, KojiModel } from './model.ts';

export class HubFault extends Error {
  readonly fault: XmlRpcFault;

  constructor(faultCode: number, faultString: string) {
    super(faultString);
    this.fault = { faultCode, faultString };
  }
}

export type Arguments = Readonly<Record<string, XmlRpcValue | undefined>>;

export interface Method {
  /** In order; `?` marks optional ones. */
  readonly parameters: readonly string[];
  run(model: KojiModel, args: Arguments): XmlRpcValue;
}

export function tagId(
  model: KojiModel,
  tag: XmlRpcValue | undefined,
  message = 'No such entry in table tag: ',
): number {
  const id = typeof tag === 'number' ? tag : model.tags.get(text(tag));
  if (id === undefined)
    throw new HubFault(1000, message.endsWith('tagInfo: ') ? message + repr(tag) : message + text(tag));
  return id;
}

export function buildOf(model: KojiModel, info: XmlRpcValue | undefined): FakeBuild | undefined {
  if (typeof info === 'number') return model.builds.get(info);
  if (typeof info !== 'string') throw new HubFault(1000, `Invalid type for argument: ${repr(info)}`);
  if (!/^.+-[^-]+-[^-]+$/.test(info)) throw new HubFault(1000, `invalid format: ${info}`);
  return model.findBuild(info);
}

export function eventOf(event: XmlRpcValue | undefined): number | null {
  if (event == null) return null;
  if (typeof event !== 'number') throw new HubFault(1000, `Invalid event: ${repr(event)}`);
  return event;
}

export function repr(value: XmlRpcValue | undefined): string {
  return typeof value === 'string' ? `'${value}'` : text(value);
}

export function text(value: XmlRpcValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
