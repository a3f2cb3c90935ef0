// Loading the program costs more than a small file: compiled code, types stripped, is kept between runs. Where the
// folder can't be written to, as in a container, it is compiled each time.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(
  process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('../node_modules/.cache/default-etl', import.meta.url)),
);
const { runProgram } = await import('./program.ts');
process.exitCode = await runProgram(process.argv.slice(2), process.env);
// What a slow reader has not taken yet would be lost by exit().
await Promise.all([process.stdout, process.stderr].map(written));
// A request that was given up must not hold the process.
process.exit();

/** Resolves once all that was written is taken, or nobody takes it any more. */
function written(stream: NodeJS.WriteStream): Promise<unknown> {
  stream.on('error', () => {});
  return new Promise(resolve => stream.write('', resolve));
}
