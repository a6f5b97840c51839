// A run of the fake: replays a recorded log at the recorded speed, and does what real Pungi does at each step.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { controlFile, kojiPackages, readProfile } from './koji.mjs';
import { findOldCompose, leaveForNext, pathsOf } from './old-composes.mjs';
import { gather, readRepository, writeCompose } from './packages.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const NOTIFIED = ['INIT', 'PKGSET', 'GATHER', 'CREATEREPO', 'CREATEISO', 'REPOCLOSURE', 'IMAGE_CHECKSUM', 'TEST'];

export async function replay(run) {
  const { conf, composeDir, identity } = run;
  const confDir = dirname(run.config);
  const variants = existsSync(join(confDir, conf.variants_file))
    ? readFileSync(join(confDir, conf.variants_file), 'utf8')
    : '';
  const arches = conf.pkgset_repos
    ? Object.keys(conf.pkgset_repos)
    : [...variants.matchAll(/<arch>([^<]*)<\/arch>/g)].map((match) => match[1]);
  const profile = conf.pkgset_source === 'koji' ? readProfile(conf.koji_profile) : null;
  if (conf.pkgset_source === 'koji' && !profile) {
    process.stdout.write(`Exception: no configuration for profile name: ${conf.koji_profile}\n`);
    process.exit(1);
  }
  const scenario = scenarioOf(conf, profile);
  const oldCompose = findOldCompose(run.oldComposes, identity.release);
  keepInput();
  const children = new Set();
  const globalLog = join(composeDir, 'logs', 'global', 'pungi.global.log');
  mkdirSync(dirname(globalLog), { recursive: true });
  mkdirSync(join(composeDir, 'work', 'global'), { recursive: true });
  writeFileSync(join(dirname(globalLog), 'config-dump.global.log'), JSON.stringify(conf, null, 4));

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      if (scenario.ignoreTerm) return;
      // Like real Pungi: direct children only.
      for (const child of children) child.kill('SIGTERM');
      status('TERMINATED');
      log(`[CRITICAL] Compose failed: ${composeDir}`);
      process.exit(1);
    });
  }

  function log(line) {
    const now = new Date().toISOString();
    const stamped = /^\[/.test(line) ? `${now.slice(0, 10)} ${now.slice(11, 19)} ${line}` : line;
    appendFileSync(globalLog, `${stamped}\n`);
    process.stderr.write(`${stamped}\n`);
  }
  function status(value) {
    writeFileSync(join(composeDir, 'STATUS'), `${value}\n`);
    notify('status-change', { status: value });
  }
  function notify(event, content) {
    const { compose, release } = identity;
    const message = {
      ...content,
      ...{
        compose_id: compose.id,
        location: join(composeDir, 'compose'),
        compose_date: compose.date,
        compose_type: compose.type,
        compose_respin: compose.respin,
      },
      ...{
        compose_label: compose.label ?? null,
        compose_path: composeDir,
        release_short: release.short,
        release_name: release.name,
      },
      ...{ release_version: release.version, release_type: 'ga', release_is_layered: false },
    };
    for (const script of run.notificationScripts) {
      log(`[DEBUG   ] Notification: '${script}' '${event}', ${JSON.stringify(message)}`);
      spawnSync(script, [event], { input: JSON.stringify(message), stdio: ['pipe', 'ignore', 'ignore'] });
    }
  }
  function doom(...lines) {
    for (const line of lines) log(line);
    log(`[ERROR   ] Extended traceback in: ${composeDir}/logs/global/traceback.global.log`);
    log(`[CRITICAL] Compose failed: ${composeDir}`);
    writeFileSync(
      join(composeDir, 'logs', 'global', 'traceback.global.log'),
      'Traceback (most recent call last):\n  File "/opt/secret.py", line 1\nLocal variables\n  password = hunter2\n',
    );
    status('DOOMED');
    process.exit(1);
  }
  function startChild(seconds, ...options) {
    const child = spawn(join(HERE, 'pungi-gather'), [String(seconds), ...options], { stdio: 'ignore' });
    children.add(child);
    const ended = new Promise((resolve) => child.on('exit', resolve)).finally(() => children.delete(child));
    return { child, ended };
  }
  async function inPhase(phase) {
    if (scenario.kill === phase) process.kill(process.pid, 'SIGKILL');
    if (scenario.exit?.phase === phase) {
      mkdirSync(join(composeDir, 'compose', 'Temporary'), { recursive: true });
      writeFileSync(join(composeDir, 'compose', 'Temporary', 'partial'), '');
      for (const line of scenario.exit.lines ?? []) log(line);
      status('DOOMED');
      process.exit(scenario.exit.code);
    }
    if (scenario.hang === phase) {
      const { child } = startChild(3600, ...(scenario.stubborn ? ['stubborn'] : []));
      child.unref();
      log('[DEBUG   ] Waiting for pungi-gather');
      await delay(3_600_000);
    }
    if (scenario.leaveBehind && phase === 'GATHER') startChild(3600, 'stubborn').child.unref();
  }

  status('STARTED');
  let selection = null;
  const lines = readFileSync(join(HERE, 'recordings', `${scenario.recording}.pungi.global.log`), 'utf8')
    .trimEnd()
    .split('\n');
  let last = null;
  for (const recorded of lines) {
    const [, time, rest] = /^\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d) (.*)$/.exec(recorded) ?? [null, null, recorded];
    if (time) {
      const at = Date.parse(`2026-11-22T${time}Z`);
      if (last !== null && at > last) await delay((at - last) * scenario.timeScale);
      last = at;
    }
    if (/Notification: /.test(rest) || /^\S.*Compose finished/.test(rest)) continue;
    const [, begin, phase] = /\[(BEGIN|DONE ?)\] ---------- PHASE: (\w+)/.exec(rest) ?? [];
    if (phase && NOTIFIED.includes(phase)) {
      if (begin === 'BEGIN') notify('phase-start', { phase_name: phase.toLowerCase() });
      else notify('phase-stop', { phase_name: phase.toLowerCase() });
    }
    log(localise(rest));
    if (/Exporting file .*variants\.xml/.test(rest)) requireXml(join(confDir, conf.variants_file), 'variants');
    if (begin === 'BEGIN' && phase === 'INIT') {
      if (conf.comps_file) requireXml(join(confDir, conf.comps_file), 'comps');
      for (const line of scenario.lines) log(line);
    }
    if (/Writing pungi config \(arch: \S+ variant: None\)/.test(rest)) {
      if (profile) reuseOldCompose();
      selection = await packageSet();
      await startChild(scenario.timeScale).ended;
    }
    if (begin === 'BEGIN' && phase) await inPhase(phase);
    if (/\[DONE \] Running pungi/.test(rest)) checkDependencies();
    // Threads of real Pungi can read it during the whole run.
    if (/Writing RPM manifest/.test(rest) && oldCompose && !existsSync(join(oldCompose, 'STATUS')))
      doom('[ERROR   ] Compose run failed: the old compose is gone');
    if (/Writing RPM manifest/.test(rest))
      writeCompose({ composeDir, identity, selection, recordings: join(HERE, 'recordings') });
  }
  status('FINISHED');
  log(`[INFO    ] Compose finished: ${composeDir}`);

  /** Copies Pungi's input to the directory `keep` of the control file. */
  function keepInput() {
    if (!scenario.keep) return;
    const place = join(scenario.keep, identity.compose.id);
    cpSync(confDir, place, { recursive: true });
    if (existsSync(join(process.env.HOME, '.koji')))
      cpSync(join(process.env.HOME, '.koji'), join(place, 'koji'), { recursive: true, dereference: true });
    if (conf.module_defaults_dir) cpSync(conf.module_defaults_dir, join(place, 'module-defaults'), { recursive: true });
    writeFileSync(join(place, 'arguments.json'), JSON.stringify(process.argv.slice(2)));
  }
  function localise(line) {
    return line
      .replaceAll(/\/srv\/odcs\/[\w-]+/g, composeDir)
      .replaceAll(/\/var\/tmp\/odcs-conf\/[\w-]+/g, confDir)
      .replaceAll(/odcs-1-1-20261122\.t\.\d+/g, identity.compose.id)
      .replaceAll('worker-1', 'fake');
  }
  function requireXml(path, root) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : null;
    if (text === null) doom(`[ERROR   ] Compose run failed: [Errno 2] No such file or directory: '${path}'`);
    if (!text.includes(`<${root}>`))
      doom(
        `[ERROR   ] Compose run failed: ${root === 'variants' ? 'Variants XML' : 'Comps'} doesn't validate:`,
        `${path}:1:0:ERROR:VALID:DTD_UNKNOWN_ELEM`,
      );
  }
  function reuseOldCompose() {
    for (const tag of [conf.pkgset_koji_tag ?? []].flat().filter((name) => name !== '')) {
      const old = oldCompose && pathsOf(oldCompose, tag);
      if (old && existsSync(old.repodata)) log(`[INFO    ] Using old repodata from: ${dirname(old.repodata)}`);
      else log(`[INFO    ] No suitable old compose found in: ${JSON.stringify(run.oldComposes)}`);
      if (old && scenario.failOnOld) doom('[ERROR   ] Compose run failed: createrepo_c cannot read the old repodata');
      if (scenario.keep)
        writeFileSync(
          join(scenario.keep, identity.compose.id, 'old-compose.json'),
          JSON.stringify(
            old && {
              repomd: readFileSync(join(old.repodata, 'repomd.xml'), 'utf8'),
              headers: readFileSync(old.headers, 'utf8'),
            },
          ),
        );
      leaveForNext(composeDir, tag, identity.compose.id);
    }
  }
  async function packageSet() {
    const sets = {};
    for (const arch of arches) {
      const logFile = join(composeDir, 'logs', arch, `pkgset_source.${arch}.log`);
      mkdirSync(dirname(logFile), { recursive: true });
      const repositories = profile
        ? [kojiPackages(conf, scenario, variants)]
        : conf.pkgset_repos[arch].map((place) => readRepository(place));
      if (repositories[0]?.problem && profile) doom(`[ERROR   ] Compose run failed: ${repositories[0].problem}`);
      const broken = repositories.find((repository) => repository.problem);
      if (broken) {
        writeFileSync(
          logFile,
          `COMMAND: pungi-gather\n${broken.hint ?? ''}Traceback (most recent call last):\n  File "/usr/bin/pungi-gather", line 5, in <module>\ndnf.exceptions.RepoError: Failed to download metadata for repo 'repo-0': ${broken.problem}\n`,
        );
        doom(
          `[ERROR   ] Compose run failed: ERROR running command: pungi-gather --config=${composeDir}/work/${arch}/pungi/${arch}.conf --arch=${arch}`,
          `For more details see ${logFile}`,
        );
      }
      sets[arch] = gather(
        repositories.flatMap(({ packages }) => packages),
        conf,
        arch,
        confDir,
        variants,
      );
      const missing = sets[arch].missing.map(
        (name) => `2026-11-22 17:33:58 [ERROR   ] No package matches pattern ${name}\n`,
      );
      writeFileSync(logFile, `COMMAND: pungi-gather\n${missing.join('')}`);
    }
    return sets;
  }
  function checkDependencies() {
    const unmet = arches.flatMap((arch) =>
      selection[arch].unmet.map(({ name, requirements }) => ({ arch, name, requirements })),
    );
    // The solver for modules writes problems to its own log, and succeeds.
    if (conf.gather_method === 'hybrid') return writeSolverLog(unmet);
    if (!conf.check_deps || unmet.length === 0) return;
    const lines = unmet.flatMap(({ arch, name, requirements }) => [
      `[ERROR   ] Unresolved dependencies for Temporary.${arch} in package ${name}`,
      `: [${requirements.map((requirement) => `'${requirement}'`).join(', ')}]`,
    ]);
    doom(...lines, '[ERROR   ] Compose run failed: Unresolved dependencies detected');
  }
  function writeSolverLog(unmet) {
    for (const arch of arches) {
      const own = unmet.filter((one) => one.arch === arch);
      const problems = own.map(
        ({ name, requirements }, index) =>
          `Problem ${index + 1} / ${own.length}:\n${requirements.map((requirement) => `  - nothing provides ${requirement} needed by ${name}\n`).join('')}`,
      );
      writeFileSync(
        join(composeDir, 'logs', arch, `hybrid-depsolver-Temporary-iter-1.${arch}.log`),
        `COMMAND: fus --verbose --arch ${arch}\n${problems.join('')}`,
      );
    }
  }
}

function scenarioOf(conf, profile) {
  const place = Object.values(conf.pkgset_repos ?? {})
    .flat()
    .find((candidate) => candidate.startsWith('/'));
  const file = profile ? controlFile(profile) : place ? join(place, 'fake-pungi.json') : '';
  const given = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return { timeScale: 0.01, recording: 'success', lines: [], ...given };
}
