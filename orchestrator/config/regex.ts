import { RE2JS, RE2JSSyntaxException } from 're2js';

/** The expression of WATCH_REGEX; throws what RE2JS throws. */
export function compileRegex(pattern: string): RE2JS {
  return RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
}

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
