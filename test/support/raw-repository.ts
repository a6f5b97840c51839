// Repositories with hand-written metadata, which may be hostile or wrong. The package files are small texts.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface RawPackage {
  readonly name: string;
  readonly href?: string;
  readonly content?: string | Buffer;
  readonly checksum?: string;
  readonly size?: number;
  /** Attributes for <location>, e.g. an xml:base. */
  readonly locationAttributes?: string;
  /** The file is not written. */
  readonly absent?: boolean;
}

export interface RawOptions {
  /** Wrong values for primary in repomd.xml. */
  readonly primary?: {
    readonly href?: string;
    readonly checksum?: string;
    readonly size?: number;
    readonly openSize?: number;
    readonly attributes?: string;
  };
  readonly pack?: (xml: Buffer) => Buffer;
  readonly extension?: string;
}

export function writeRawRepository(directory: string, packages: readonly RawPackage[], options: RawOptions = {}): void {
  mkdirSync(join(directory, 'repodata'), { recursive: true });
  for (const pkg of packages) {
    if (pkg.absent) continue;
    const path = join(directory, pkg.href ?? `${pkg.name}.rpm`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contentOf(pkg));
  }
  const { pack = gzipSync, extension = 'gz', primary = {} } = options;
  const lines = [
    data('primary', primaryXml(packages), primary),
    data('filelists', listXml('filelists', 'filelists', packages)),
    data('other', listXml('otherdata', 'other', packages)),
  ];
  writeFileSync(
    join(directory, 'repodata', 'repomd.xml'),
    `<?xml version="1.0"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>7</revision>${lines.join('\n')}</repomd>`,
  );

  function data(type: string, xml: string, wrong: NonNullable<RawOptions['primary']> = {}): string {
    const packed = pack(Buffer.from(xml));
    const href = `repodata/${type}.xml.${extension}`;
    writeFileSync(join(directory, href), packed);
    return `<data type="${type}"><checksum type="sha256">${wrong.checksum ?? sha256(packed)}</checksum><location href="${wrong.href ?? href}" ${wrong.attributes ?? ''}/><size>${wrong.size ?? packed.length}</size><open-size>${wrong.openSize ?? xml.length}</open-size></data>`;
  }
}

function primaryXml(packages: readonly RawPackage[]): string {
  const list = packages.map((pkg) => {
    const content = contentOf(pkg);
    return `<package type="rpm"><name>${pkg.name}</name><arch>x86_64</arch><version epoch="0" ver="1" rel="1"/><checksum type="sha256" pkgid="YES">${pkg.checksum ?? sha256(content)}</checksum><size package="${pkg.size ?? content.length}"/><location ${pkg.locationAttributes ?? ''} href="${pkg.href ?? `${pkg.name}.rpm`}"/><format><rpm:sourcerpm>${pkg.name}-1-1.src.rpm</rpm:sourcerpm><rpm:provides><rpm:entry name="${pkg.name}" flags="EQ" epoch="0" ver="1" rel="1"/></rpm:provides></format></package>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">${list.join('\n')}</metadata>`;
}

function listXml(root: string, kind: string, packages: readonly RawPackage[]): string {
  const list = packages.map(
    (pkg) =>
      `<package pkgid="${pkg.checksum ?? sha256(contentOf(pkg))}" name="${pkg.name}" arch="x86_64"><version epoch="0" ver="1" rel="1"/></package>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://linux.duke.edu/metadata/${kind}" packages="${packages.length}">${list.join('\n')}</${root}>`;
}

function contentOf({ name, content }: RawPackage): string | Buffer {
  return content ?? `not really an RPM: ${name}\n`;
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
