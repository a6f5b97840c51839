// The hub's methods with their positional and keyword parameters and their faults, as in kojihub.py. They are enough for our
// client, and for the real `koji` command to show tags, inheritance, builds and tasks.

import { isStruct, type XmlRpcStruct, type XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';
import { BUILD_METHODS } from './build-methods.ts';
import { HubFault, type Method } from './hub-arguments.ts';
import type { KojiModel } from './model.ts';
import { SESSION_METHODS } from './session-methods.ts';
import { TAG_METHODS } from './tag-methods.ts';
import { TASK_METHODS } from './task-methods.ts';

const METHODS: Readonly<Record<string, Method>> = {
  ...SESSION_METHODS,
  ...TAG_METHODS,
  ...BUILD_METHODS,
  ...TASK_METHODS,
};

/** One call, as the hub's _dispatch does it. */
export function callMethod(model: KojiModel, name: string, params: readonly XmlRpcValue[]): XmlRpcValue {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!method) throw new HubFault(1000, `Invalid method: ${name}`);
  const last = params.at(-1);
  const keywords: XmlRpcStruct = last !== undefined && isStruct(last) && last['__starstar'] === true ? last : {};
  const positional = keywords === last ? params.slice(0, -1) : params;
  const names = method.parameters.map((parameter) => parameter.replace('?', ''));
  if (positional.length > names.length)
    throw new HubFault(
      1019,
      `${name}() takes ${names.length} positional arguments but ${positional.length} were given`,
    );
  const args: Record<string, XmlRpcValue> = {};
  for (const [index, value] of positional.entries()) args[names[index] ?? ''] = value;
  for (const [key, value] of Object.entries(keywords)) {
    if (key === '__starstar') continue;
    if (!names.includes(key)) throw new HubFault(1019, `${name}() got an unexpected keyword argument '${key}'`);
    args[key] = value;
  }
  const absent = method.parameters.find((parameter) => !parameter.endsWith('?') && !(parameter in args));
  if (absent !== undefined) throw new HubFault(1019, `${name}() missing 1 required positional argument: '${absent}'`);
  return method.run(model, args);
}
