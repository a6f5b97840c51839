// Reads configurations like Pungi: JSON, or Python lines `name = literal` and `from other import *`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** For the tools: prints a Python error and exits when the file is unreadable. */
export function readOrExit(path) {
  try {
    return readConfiguration(path);
  } catch (error) {
    process.stderr.write(
      `Traceback (most recent call last):\n  File "/usr/bin/pungi", line 1, in <module>\nSyntaxError: ${error.message}\n`,
    );
    process.exit(1);
  }
}

export function readConfiguration(path) {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    return readLines(text, path);
  }
}

function readLines(text, path) {
  const conf = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const other = /^from (\w+) import \*$/.exec(line)?.[1];
    const [, name, value] = /^(\w+) = (.*)$/.exec(line) ?? [];
    if (other) Object.assign(conf, readConfiguration(join(dirname(path), `${other}.conf`)));
    else if (name) conf[name] = literal(value, index);
    else throw new Error(`invalid syntax (${path}, line ${index + 1}): ${line.slice(0, 80)}`);
  }
  return conf;
}

/** Python literals that are JSON, except for other names and `\U` escapes. */
function literal(value, index) {
  const outside = value.split(/("(?:[^"\\]|\\.)*")/).map((part, at) =>
    at % 2 === 1
      ? part.replace(/\\U([0-9a-f]{8})/g, (_, point) =>
          JSON.stringify(String.fromCodePoint(parseInt(point, 16))).slice(1, -1),
        )
      : part
          .replace(/\bNone\b/g, 'null')
          .replace(/\bTrue\b/g, 'true')
          .replace(/\bFalse\b/g, 'false'),
  );
  try {
    return JSON.parse(outside.join(''));
  } catch {
    throw new Error(`invalid literal in line ${index + 1}: ${value.slice(0, 80)}`);
  }
}
