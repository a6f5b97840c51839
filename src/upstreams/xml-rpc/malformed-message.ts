/** A text that is no XML-RPC message. The error's message completes a sentence: “the message …”. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}
