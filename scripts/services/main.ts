// `node scripts/services/main.ts up|down|env`: services for a developer, left running from `up` to `down`.
import { bringUpServices, forgetStarted, readStarted, stopServices, writeStarted } from './services.ts';

const USAGE = `node scripts/services/main.ts up     starts Docker and Elasticsearch where none run, prints the variables that name them
node scripts/services/main.ts env    prints the variables alone:  eval "$(node scripts/services/main.ts env)"
node scripts/services/main.ts down   stops what "up" started`;

async function main(command: string | undefined): Promise<void> {
  switch (command) {
    case 'up':
    case 'env':
      return up();
    case 'down':
      return down();
    default:
      process.stderr.write(`${USAGE}\n`);
      process.exitCode = 64;
  }
}

async function up(): Promise<void> {
  const before = readStarted();
  const { environment, started } = await bringUpServices(process.env);
  writeStarted({
    docker: started.docker ?? before?.docker ?? null,
    elasticsearch: started.elasticsearch ?? before?.elasticsearch ?? null,
  });
  for (const [name, value] of Object.entries(environment)) process.stdout.write(`export ${name}=${value}\n`);
}

async function down(): Promise<void> {
  const started = readStarted();
  if (started) await stopServices(started);
  forgetStarted();
}

await main(process.argv[2]);
