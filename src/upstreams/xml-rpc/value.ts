// The values of XML-RPC with Koji's extensions nil and i8. An integer is a `number` if that is exact, else a `bigint`.
// A dateTime has no time zone, so it stays text.

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

/** The fault that a struct describes, as a message or as one result of a multiCall; else null. */
export function readFault(value: XmlRpcValue): XmlRpcFault | null {
  if (!isStruct(value)) return null;
  const { faultCode, faultString } = value;
  return typeof faultCode === 'number' && typeof faultString === 'string' ? { faultCode, faultString } : null;
}
