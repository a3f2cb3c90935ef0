// `npm run images [-- python-etl]`: builds both images, or the example in Python, where they changed. BASE_IMAGE and
// PYTHON_BASE_IMAGE name their bases.
import { announce } from './services/command.ts';
import { dockerClient } from './services/docker-client.ts';
import { buildImages } from './images/plans.ts';
import { buildPythonEtl, PYTHON_ETL_IMAGE } from './images/python-etl.ts';

const PYTHON_ETL = 'python-etl';
const [wanted, ...more] = process.argv.slice(2);

if (more.length > 0 || (wanted !== undefined && wanted !== PYTHON_ETL)) {
  announce(
    `npm run images: ${process.argv.slice(2).join(' ')} is no image; there is ${PYTHON_ETL}, and both without a name`,
  );
  process.exitCode = 64;
} else {
  const built =
    wanted === PYTHON_ETL
      ? await buildPython()
      : await buildImages(dockerClient(), process.env['BASE_IMAGE'] || undefined);
  announce(built.length === 0 ? 'up to date' : `built ${built.join(' and ')}`);
}

async function buildPython(): Promise<string[]> {
  return (await buildPythonEtl(dockerClient(), process.env['PYTHON_BASE_IMAGE'] || undefined))
    ? [PYTHON_ETL_IMAGE]
    : [];
}
