import { RE2JS, RE2JSSyntaxException } from 're2js';

/** Why a text is no regular expression in RE2 syntax; undefined where it is one. */
export function whyBadRegex(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return error.message.replace('error parsing regexp: ', '').replaceAll('`', '');
  }
}
