// The dnf engine does not block the event loop, even with a repository of 60,000 packages.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { runDnf } from '../support/dnf-run.ts';
import { directoryTest } from '../support/fixtures.ts';
import { longestTurn } from '../support/longest-turn.ts';

const PACKAGES = 60_000;

const it = directoryTest.extend('repo', { scope: 'file' }, ({ directory }) => {
  const repo = join(directory, 'large');
  mkdirSync(join(repo, 'repodata'), { recursive: true });
  mkdirSync(join(repo, 'Packages'));
  const lists = { primary: [] as string[], filelists: [] as string[], other: [] as string[] };
  for (let index = 0; index < PACKAGES; index++) {
    const content = `package ${index}\n`;
    const checksum = createHash('sha256').update(content).digest('hex');
    const href = `Packages/p${index}-1-1.x86_64.rpm`;
    writeFileSync(join(repo, href), content);
    const provides = ['', '(x86-64)'].map(
      (suffix) => `<rpm:entry name="p${index}${suffix}" flags="EQ" epoch="0" ver="1" rel="1"/>`,
    );
    const requires = [1, 2, 3].map(
      (step) => `<rpm:entry name="p${Math.floor(index / 2 ** step)}" flags="GE" epoch="0" ver="1"/>`,
    );
    const file = index % 10 === 0 ? `<file>/opt/p${index}/file</file>` : '';
    lists.primary.push(
      `<package type="rpm"><name>p${index}</name><arch>x86_64</arch><version epoch="0" ver="1" rel="1"/><checksum type="sha256" pkgid="YES">${checksum}</checksum><summary>A package</summary><description>One of many packages, described in a few words</description><packager/><url/><time file="1" build="1"/><size package="${content.length}" installed="1" archive="1"/><location href="${href}"/><format><rpm:license>MIT</rpm:license><rpm:sourcerpm>p${index}-1-1.src.rpm</rpm:sourcerpm><rpm:header-range start="1" end="2"/><rpm:provides>${provides.join('')}</rpm:provides><rpm:requires>${requires.join('')}${index === 1 ? '<rpm:entry name="/opt/p10/file"/>' : ''}</rpm:requires></format></package>`,
    );
    lists.filelists.push(
      `<package pkgid="${checksum}" name="p${index}" arch="x86_64"><version epoch="0" ver="1" rel="1"/>${file}</package>`,
    );
    lists.other.push(
      `<package pkgid="${checksum}" name="p${index}" arch="x86_64"><version epoch="0" ver="1" rel="1"/></package>`,
    );
  }
  const root = {
    primary: 'metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"',
    filelists: 'filelists xmlns="http://linux.duke.edu/metadata/filelists"',
    other: 'otherdata xmlns="http://linux.duke.edu/metadata/other"',
  };
  const data = (['primary', 'filelists', 'other'] as const).map((type) => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<${root[type]} packages="${PACKAGES}">${lists[type].join('\n')}</${root[type].split(' ')[0]}>`;
    const packed = gzipSync(xml, { level: 1 });
    writeFileSync(join(repo, `repodata/${type}.xml.gz`), packed);
    return `<data type="${type}"><checksum type="sha256">${createHash('sha256').update(packed).digest('hex')}</checksum><location href="repodata/${type}.xml.gz"/><size>${packed.length}</size><open-size>${xml.length}</open-size></data>`;
  });
  writeFileSync(
    join(repo, 'repodata/repomd.xml'),
    `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data.join('')}</repomd>`,
  );
  return repo;
});

describe(`The dnf engine with a repository of ${PACKAGES} packages`, { timeout: 120_000 }, () => {
  it('blocks the event loop for less than 50 ms', async ({ repo }) => {
    // The first compose of a process loads modules and compiles code.
    await using first = await runDnf(repo, { packages: ['p1'] });
    expect(first.failure).toBeNull();
    const { value, ms } = await longestTurn(() => runDnf(repo, { packages: ['p59999', 'p5000?'] }));
    await using run = value;
    expect(run.failure).toBeNull();
    expect(run.nevras()).toEqual(
      expect.arrayContaining(['p59999-0:1-1.x86_64', 'p29999-0:1-1.x86_64', 'p10-0:1-1.x86_64']),
    );
    expect(ms).toBeLessThan(50);
  });
});
