import { LONGEST_WHOLE } from '../log/secret-bounds.ts';

const SECRET_NAME =
  /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_PWD$|(^|_)PASS$/i;
const URL_PASSWORD = /:\/\/[^\s/:@]*:([^\s/@]+)@/g;
/** Shorter texts would be masked in the middle of ordinary words. */
const SHORTEST = 4;

/** Whether a key or variable of this name probably holds a secret. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * What is to be masked of a text known to be secret: the text, and its lines, since logs are lines; those of a long one
 * the mask looks for.
 */
export function secretTexts(text: string): string[] {
  if (text.length > LONGEST_WHOLE) return [text.trim()].filter(whole => whole.length >= SHORTEST);
  return [text, ...text.split('\n')].map(line => line.trim()).filter(line => line.length >= SHORTEST);
}

/** Passwords within URLs of a text. */
export function urlPasswords(text: string): string[] {
  return [...text.matchAll(URL_PASSWORD)].flatMap(([, password = '']) => secretTexts(password));
}

/** Texts of an environment that must never reach a log. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): string[] {
  const texts = Object.entries(env).flatMap(([name, value = '']) => [
    ...(looksSecret(name) ? secretTexts(value) : []),
    ...urlPasswords(value),
  ]);
  return [...new Set(texts)];
}
