import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { cacheDir } from './settings.ts';

const VERSION = '1.32.0';
const DOWNLOAD_MS = 10 * 60_000;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bizosaas</groupId><artifactId>time-skipping</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>ch.qos.logback</groupId><artifactId>logback-classic</artifactId><version>1.5.18</version></dependency>
  </dependencies>
</project>
`;
// Without it the server writes every gRPC frame at level DEBUG.
const logback = '<configuration><root level="OFF"/></configuration>\n';
const wrapper = `#!/bin/sh
here=$(dirname "$0")
exec java -cp "$here:$here/lib/*" io.temporal.testserver.TestServer "$@"
`;

/** The path of a program that runs Temporal's time-skipping server, or the reason why there is none. */
export const timeSkippingServer = async (place: Place): Promise<string> => {
  const folder = join(cacheDir, `time-skipping-${VERSION}`);
  const program = join(folder, 'temporal-test-server');
  const [java, mvn] = [await onPath('java'), await onPath('mvn')];
  if (!java) throw new Error('java is not there to run it');
  if (await stat(program).catch(() => undefined)) return program;
  if (!mvn) throw new Error('mvn is not there to fetch it');
  const making = `${folder}.${process.pid}`;
  try {
    await mkdir(join(making, 'lib'), { recursive: true });
    await writeFile(join(making, 'pom.xml'), pom);
    await writeFile(join(making, 'logback.xml'), logback);
    const command: [string, ...string[]] = [
      mvn,
      '-B',
      '-q',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(making, 'lib')}`,
    ];
    const { ok, output } = await run(place, { name: 'time-skipping', command, cwd: making }, DOWNLOAD_MS);
    const jars = (await readdir(join(making, 'lib'))).length;
    if (!ok || jars === 0)
      throw new Error(`Maven cannot fetch it: ${output.trim().split('\n')[0] ?? ''}`.slice(0, 200));
    await writeFile(join(making, 'temporal-test-server'), wrapper);
    await chmod(join(making, 'temporal-test-server'), 0o755);
    await rename(making, folder);
    return program;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
};
