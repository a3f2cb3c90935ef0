import { systemClock } from '../../clock.ts';
import { connectEngine, withTimeout } from './engine.ts';
import { imageLabels } from './image.ts';

const PATIENCE_MS = 3000;

/**
 * Labels of an image that an engine on this machine has; undefined where none answers soon, or it is on another
 * machine, which nobody is asked for.
 */
export async function labelsHere(
  image: string,
  dockerHost: string | null,
): Promise<Record<string, string> | undefined> {
  if (dockerHost !== null && !dockerHost.startsWith('unix://')) return undefined;
  try {
    const { docker } = connectEngine(dockerHost, systemClock);
    return (await withTimeout(imageLabels(docker, image), PATIENCE_MS))?.labels;
  } catch {
    return undefined;
  }
}
