// Real RPMs in Koji's layout, with signed copies. The fake hub lists them with their sizes and checksums.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import type { KojiModel } from './fake-koji/model.ts';
import { signedHeads } from './signed-heads.ts';

const run = promisify(execFile);

export interface KeepOptions {
  /** Keys of signed copies, by the name of the source package. */
  readonly sigkeys?: Readonly<Record<string, readonly string[]>>;
  /** Koji's volume; the default volume where it is not given. */
  readonly volume?: string;
}

interface Rpm {
  readonly file: string;
  readonly name: string;
  readonly arch: string;
  readonly epoch: number | null;
  /** `name-version-release` of the build. */
  readonly nvr: string;
  readonly payloadHash: string;
}

/** The NVRs in the order of the sources; no build is tagged. */
export async function keepInKoji(
  koji: KojiModel,
  topDir: string,
  sources: readonly SampleSource[],
  options: KeepOptions = {},
): Promise<readonly string[]> {
  const built = join(topDir, 'built', String(koji.eventElsewhere()));
  await makeRepository(built, sources);
  const byBuild = Map.groupBy(await rpmsIn(built), ({ nvr }) => nvr);
  const nvrs = sources.map(({ name, version = '1.0', release = '1' }) => `${name}-${version}-${release}`);
  for (const nvr of nvrs) await addBuild(koji, topDir, nvr, byBuild.get(nvr) ?? [], options);
  return nvrs;
}

async function addBuild(
  koji: KojiModel,
  topDir: string,
  nvr: string,
  rpms: readonly Rpm[],
  { sigkeys = {}, volume }: KeepOptions,
): Promise<void> {
  const [, name = '', version = '', release = ''] = /^(.+)-([^-]+)-([^-]+)$/.exec(nvr) ?? [];
  const buildDirectory = join(
    topDir,
    ...(volume === undefined ? [] : ['vol', volume]),
    'packages',
    name,
    version,
    release,
  );
  const keys = sigkeys[name] ?? [];
  const listed = await Promise.all(
    rpms.map(async ({ file, payloadHash, ...rpm }) => ({
      ...rpm,
      sizeBytes: (await stat(file)).size,
      payloadHash,
      sigkeys: keys,
    })),
  );
  koji.addBuild(nvr, { epoch: rpms[0]?.epoch ?? null, ...(volume !== undefined && { volume }), rpms: listed });
  for (const { file, name: of, arch } of rpms) {
    const rpm = `${of}-${version}-${release}.${arch}.rpm`;
    await mkdir(join(buildDirectory, arch), { recursive: true });
    await copyFile(file, join(buildDirectory, arch, rpm));
    for (const key of keys) await sign(file, join(buildDirectory, 'data', 'signed', key, arch, rpm), key);
  }
}

/** Signs with a key of the golden headers: the signature header of another package before the package's own header and payload. */
async function sign(file: string, to: string, key: string): Promise<void> {
  const head = signedHeads().find(({ sigkey }) => sigkey === key)?.head;
  if (!head) throw new Error(`there is no golden signature of ${key}`);
  const bytes = await readFile(file);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, Buffer.concat([head.subarray(0, headerStart(head)), bytes.subarray(headerStart(bytes))]));
}

function headerStart(rpm: Buffer): number {
  return Math.ceil((96 + 16 + rpm.readUInt32BE(104) * 16 + rpm.readUInt32BE(108)) / 8) * 8;
}

async function rpmsIn(directory: string): Promise<readonly Rpm[]> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.rpm')).map((name) => join(directory, name));
  if (files.length === 0) return [];
  const format = '%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{EPOCH}\\t%{SIGMD5}\\t%{SOURCERPM}\\n';
  const { stdout } = await run('rpm', ['-qp', '--nosignature', '--qf', format, ...files], {
    maxBuffer: 64 * 1024 ** 2,
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const [name = '', version = '', release = '', arch = '', epoch = '', payloadHash = '', sourceRpm = ''] =
        line.split('\t');
      const isSource = sourceRpm === '(none)';
      return {
        file: files[index] ?? '',
        name,
        arch: isSource ? 'src' : arch,
        epoch: epoch === '(none)' ? null : Number(epoch),
        nvr: isSource ? `${name}-${version}-${release}` : sourceRpm.replace(/\.(no)?src\.rpm$/, ''),
        payloadHash,
      };
    });
}
