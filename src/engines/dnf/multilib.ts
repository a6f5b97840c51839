// Selects multilib packages like python-multilib: by package names and file names. The lists are those of its
// /etc/multilib.conf.

import type { RpmPackage } from '../../compose/rpm-package.ts';
import type { MultilibMethod } from '../../compose/vocabulary.ts';

const RUNTIME_ALWAYS = new Set([
  'libflashsupport',
  'libgnat',
  'lmms-vst',
  'nspluginwrapper',
  'perl-libs',
  'redhat-lsb',
  'syslinux-extlinux-nonlinux',
  'syslinux-nonlinux',
  'syslinux-tftpboot',
  'valgrind',
  'wine',
  'yaboot',
]);
const RUNTIME_NEVER = new Set(['httpd', 'php', 'tomcat-native']);
const DEVEL_NEVER = new Set([
  'dmraid-devel',
  'httpd-devel',
  'kdeutils-devel',
  'mkinitrd-devel',
  'java-1.5.0-gcj-devel',
  'java-1.6.0-openjdk-devel',
  'java-1.7.0-icedtea-devel',
  'java-1.7.0-openjdk-devel',
  'java-1.8.0-openjdk-devel',
  'php-devel',
]);

const RUNTIME_FILES = [
  /^\/(usr\/)?lib(64)?\/[^/]*\.so\.[^/]*$/,
  /^\/usr\/lib(64)?\/(alsa-lib|dri|gtk-2\.0\/modules|gtk-2\.0\/immodules|krb5\/plugins|sasl2|vdpau)\/[^/]+$/,
  /^\/lib(64)?\/security\/[^/]+$/,
  /^\/etc\/lsb-release\.d\/[^/]+$/,
  /^\/etc\/ld\.so\.conf\.d\/[^/]*\.conf$/,
  /^\/lib(64)?\/lib(nss_|db-)[^/]*$/,
  /^\/usr\/lib[^/]*\/gtk-2\.0\/[^/]+\/(engines|modules|immodules|loaders|printbackends|filesystems)\/[^/]+$/,
  /^\/usr\/lib(64)?\/gstreamer-[^/]*\/[^/]+$/,
  /^\/usr\/lib[^/]*\/(qt|kde)[^/]*\/plugins\/.+$/,
  /^\/usr\/lib[^/]*\/qt5\/qml\/.+$/,
  /^\/usr\/lib[^/]*\/gdk-pixbuf-2\.0\/[^/]+\/loaders\/[^/]+$/,
  /^\/usr\/lib[^/]*\/xine\/plugins\/.+$/,
  /^\/usr\/lib(64)?\/oprofile\/[^/]*\.so\.[^/]*$/,
  /^\/usr\/lib(64)?\/wine\/[^/]*\.so$/,
  /^\/usr\/lib(64)?\/sane\/libsane-[^/]*$/,
];

export function multilibSelector(methods: readonly MultilibMethod[]): (pkg: RpmPackage) => boolean {
  return (pkg) => methods.some((method) => selects(method, pkg));
}

function selects(method: MultilibMethod, pkg: RpmPackage): boolean {
  switch (method) {
    case 'ALL':
      return true;
    case 'RUNTIME':
      return isRuntime(pkg);
    case 'DEVEL':
      return isDevel(pkg);
  }
}

function isRuntime(pkg: RpmPackage): boolean {
  if (RUNTIME_NEVER.has(pkg.name)) return false;
  if (RUNTIME_ALWAYS.has(pkg.name)) return true;
  if (pkg.name.startsWith('kernel') && provides(pkg, 'kernel')) return false;
  return pkg.files.some((file) => RUNTIME_FILES.some((pattern) => pattern.test(file)));
}

function isDevel(pkg: RpmPackage): boolean {
  if (DEVEL_NEVER.has(pkg.name)) return false;
  if (isRuntime(pkg)) return true;
  if (pkg.name.startsWith('ghc-')) return false;
  if (pkg.name.startsWith('kernel') && provides(pkg, 'kernel-devel')) return false;
  const isForBuilding = (name: string) => name.endsWith('-devel') || name.endsWith('-static');
  return (
    isForBuilding(pkg.name) ||
    (pkg.name.startsWith('kernel') && pkg.provides.some((text) => isForBuilding(text.split(' ')[0] ?? '')))
  );
}

function provides(pkg: RpmPackage, name: string): boolean {
  return pkg.provides.some((text) => text === name || text.startsWith(`${name} `));
}
