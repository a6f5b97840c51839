// The values that XML-RPC carries, as Koji speaks it: with nil and i8. Whole numbers come as `number` where that is exact,
// as `bigint` beyond. A dateTime has no time zone, so it stays text.

export type XmlRpcValue =
  null | boolean | number | bigint | string | XmlRpcDateTime | Uint8Array | readonly XmlRpcValue[] | XmlRpcStruct;

export interface XmlRpcStruct {
  readonly [member: string]: XmlRpcValue;
}

export class XmlRpcDateTime {
  /** e.g. `20261122T10:00:00` */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface XmlRpcFault {
  readonly faultCode: number;
  readonly faultString: string;
}

export function isStruct(value: XmlRpcValue): value is XmlRpcStruct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof XmlRpcDateTime) &&
    !(value instanceof Uint8Array)
  );
}

/** Null where the struct is none: a hub's fault, alone or as one answer of a multiCall. */
export function readFault(value: XmlRpcValue): XmlRpcFault | null {
  if (!isStruct(value)) return null;
  const { faultCode, faultString } = value;
  return typeof faultCode === 'number' && typeof faultString === 'string' ? { faultCode, faultString } : null;
}
