// Streams an XML document of repository metadata through saxes. The first problem ends the reading.

import { SaxesParser } from 'saxes';

export type Attributes = Readonly<Record<string, string>>;

interface MetadataListener {
  open(name: string, attributes: Attributes): void;
  /** `content`: the text since the last tag. */
  close(name: string, content: string): void;
}

const MAX_TEXT = 1024 * 1024;

export class MetadataParser {
  readonly #parser = new SaxesParser({ position: false });
  #problem: string | null = null;
  #content = '';
  #isInside = false;

  constructor(root: string, listener: MetadataListener) {
    this.#parser.on('error', ({ message }) =>
      this.report(`is not well-formed XML (${message}): it is damaged or truncated`),
    );
    this.#parser.on('opentag', ({ name, attributes }) => {
      this.#content = '';
      if (!this.#isInside && name !== root)
        this.report(`is not repository metadata: its root element is <${name}>, not <${root}>`);
      this.#isInside = true;
      if ('xml:base' in attributes) this.report('holds an xml:base, which would point out of the repository');
      listener.open(name, attributes as Attributes);
    });
    this.#parser.on('text', (text) => {
      this.#content += text;
      if (this.#content.length > MAX_TEXT) this.report(`holds a text of more than ${MAX_TEXT} characters`);
    });
    this.#parser.on('closetag', ({ name }) => listener.close(name, this.#content));
  }

  /** Completes a sentence whose subject is the document; null if there is no problem. */
  get problem(): string | null {
    return this.#problem;
  }

  report(problem: string): void {
    this.#problem ??= problem;
  }

  write(text: string): void {
    if (this.#problem === null) this.#parser.write(text);
  }

  /** An incomplete document is a problem. */
  close(): void {
    if (this.#problem === null) this.#parser.close();
  }
}
