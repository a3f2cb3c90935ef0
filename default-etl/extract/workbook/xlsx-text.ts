/** `_x000D_` is the character of that number: how a workbook has what XML can't (ECMA-376 part 1, 22.9.2.19). */
export function unescapeCharacters(text: string): string {
  return text.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
