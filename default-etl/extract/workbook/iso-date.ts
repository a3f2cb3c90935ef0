const ISO = /^(?:([+-]?\d{4,})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(?:Z|[+-]\d\d:?\d\d)?$/;

/**
 * A date and time in ISO 8601 as dates are shown here: `2020-01-02 00:00:00`, a time alone `12:30:00`, fractions in six
 * digits where there are any. What is no ISO 8601 stays as it is.
 */
export function isoDateText(text: string): string {
  const parts = ISO.exec(text.trim());
  if (parts === null || text.trim() === '') return text;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = ''] = parts;
  const digits = fraction.slice(0, 6).padEnd(6, '0');
  const time = `${hour}:${minute}:${second}${digits === '000000' ? '' : `.${digits}`}`;
  return year === undefined ? time : `${year}-${month}-${day} ${time}`;
}
