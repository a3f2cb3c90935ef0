/** A text of at most so many characters; of a longer one its beginning, and how long it was. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = `… (${text.length} characters)`;
  return text.slice(0, most - end.length).replace(/[\uD800-\uDBFF]$/, '') + end;
}
