import { execa } from 'execa';
import type Docker from 'dockerode';

const PROGRAMS = ['sh', 'bash', 'sleep', 'seq', 'head', 'tail', 'tr', 'cat', 'ls', 'id', 'date', 'touch', 'grep'];

/** Imports an image made of a few of this machine's own programs and the libraries they need: no registry is asked. */
export async function makeTestImage(docker: Docker, name: string, changes: string[] = []): Promise<void> {
  const programs = PROGRAMS.map(program => `/bin/${program}`);
  const { stdout } = await execa('ldd', programs, { reject: false });
  const libraries = [...new Set(stdout.match(/\/\S+(?=\s+\(0x)/g) ?? [])];
  const archive = await execa('tar', ['--dereference', '-cf', '-', '--', ...programs, ...libraries], {
    cwd: '/',
    encoding: 'buffer',
  });
  const stream = await docker.importImage(Buffer.from(archive.stdout) as never, {
    fromSrc: '-',
    repo: name,
    changes: ['CMD ["/bin/sh"]', ...changes],
  });
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(stream, error => (error ? reject(error) : resolve())),
  );
}
