// The one place that reads argv, the environment and signals, and sets the exit code.
import { parseEnvironment } from './config/environment.ts';
import { createLogger } from './log.ts';
import { startOrchestrator } from './start.ts';

const environment = parseEnvironment(process.env, process.cwd());
const logger = createLogger({
  level: environment.logLevel,
  terminal: process.stdout.isTTY,
  stream: process.stdout,
  elasticsearch: environment.elasticsearch,
});
const orchestrator = await startOrchestrator({ environment, variables: process.env, logger });
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    orchestrator.hurry();
    void orchestrator.stop().then(() => logger.close());
  });
