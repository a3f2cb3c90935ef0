import fc from 'fast-check';

/** Texts that a field of one type may be given: at the edges of what it takes, near them, and made up. */
export interface Values {
  edges: readonly string[];
  /** What is put in, or in the place of a character, to come near an edge. */
  characters: string;
  madeUp: fc.Arbitrary<string>;
}

/** Values with a bar between them. */
function listed(...lines: string[]): string[] {
  return lines.flatMap(line => line.split('|'));
}

/** A third are edges, a third are near one. */
export function anyOf({ edges, characters, madeUp }: Values): fc.Arbitrary<string> {
  const edge = fc.constantFrom(...edges);
  const near = fc.tuple(edge, fc.nat(), fc.constantFrom(...characters.split(''), ''), fc.boolean());
  const changed = near.map(([text, place, character, isPutIn]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + character + text.slice(isPutIn ? at : at + 1);
  });
  return fc.oneof(edge, changed, madeUp);
}

const either = (...texts: string[]) => fc.constantFrom(...texts);
const digits = (least: number, most: number) =>
  fc
    .array(either('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), { minLength: least, maxLength: most })
    .map(all => all.join(''));
const joined = (...parts: Array<fc.Arbitrary<string>>) => fc.tuple(...parts).map(all => all.join(''));
const two = (most: number) => fc.nat(most).map(value => String(value).padStart(2, '0'));

const decimals = fc.oneof(either('', '', '.'), joined(either('.'), digits(1, 4)), joined(either('.'), digits(15, 25)));
const exponent = fc.oneof(either('', ''), joined(either('e', 'E'), either('', '-', '+'), digits(1, 3)));

export const numbers: Values = {
  edges: listed(
    '0|-0|+0|1|1.0|1.5|2.|.5|-.5|+5|007|1e2|1E1|15e-1|1.50e1|1e-20|1e-400|5e-324|127|128|127.9|-128',
    '-128.5|-129|32767|32767.5|32768|-32768|-32768.5|-32769|2147483647|2147483647.5|2147483648',
    '-2147483648|-2147483648.5|-2147483649|9223372036854775807|9223372036854775807.5',
    '9223372036854775808|-9223372036854775808|-9223372036854775809|92233720368547758079e-1|9e18|1e19',
    '0e19|0e20|0.0e25|1e99999999999|1e-2147483647|1e-2147483648',
    '12345678901234567890123.0000000000000000000|12345678901234567890123.00000000000000000000|65504',
    '65505|65519.99|65519.998046875|65519.99804687499999999999999999|65520|-65520',
    '3.4028235677973365e38|340282356779733661637539395458142568447.9',
    '340282356779733661637539395458142568448|1e38|1e39|1.7976931348623157e308|1.7976931348623159e308',
    '1e308|1e309|NaN|-NaN|Infinity|-Infinity|nan|1d|1F|1.d|.f|1L|0x1p3|-0x.8p1|0x10|0x1p16|0x1p200|',
    ' |-|.|-.|5..|1e|e1|--5| 5|5\t|\u00055|5\u0000|5\u00a0|\ufeff5|\u0661\u0662|\uff11|1,5|1 000|1_000|1/2|x|true|NA',
    `${'9'.repeat(300)}|${'9'.repeat(309)}|${'0'.repeat(330)}`,
  ),
  characters: '019.,eE+- fdxp_\t\u00a0\u0661',
  madeUp: joined(
    either('', '', '-', '+'),
    fc.oneof(digits(1, 6), digits(0, 20), digits(38, 40)),
    decimals,
    exponent,
    either('', '', '', 'f', 'D', ' '),
  ),
};

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
/** The same as JSON numbers, and true and false. */
export const jsonNumbers: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: either('true', 'false') },
  { weight: 30, arbitrary: anyOf(numbers).filter(text => JSON_NUMBER.test(text)) },
);

const years = fc.oneof(
  either('2024', '2023', '1999', '1969', '1970', '2262', '2263', '0000', '0001', '1900'),
  digits(4, 4),
);
const zones = fc.oneof(
  either('', 'Z'),
  joined(either('+', '-'), two(20), either('', ':', ''), either('', '00', '30', '60')),
  either('UTC', 'Europe/Paris', 'GMT+1', 'UTC+01:00', 'UTC+18:01', 'CET', 'PST', 'EST', 'europe/paris', 'Zulu', 'x'),
);
const times = fc.oneof(
  either('', '', 'T'),
  joined(
    either('T', ' '),
    two(24),
    either('', ':00', ':60'),
    either('', ':00', ':59', ':60'),
    either('', '.5', ',123', '.123456', '.123456789', '.1234567890'),
    zones,
  ),
);

export const dates: Values = {
  edges: listed(
    '2024|2024-01|2024-1|2024-01-31|2024-02-29|2023-02-29|1900-02-29|2024-02-30|2024-04-31',
    '2024-13-01|2024-00-01|2024-01-00|0000|0000-01-01|0000-00-00|0001-01-01|-0001-01-01|-0000-01-01',
    '-00000-01-01|-00001-01-01|-00000101|-1000|+12024-01-01|12024-01-01|9999-12-31|2024-01-31T',
    '2024-01-31T10|2024-01-31T24:00|2024-01-31T23:59:60|2024-01-31T10:00|2024-01-31T10:00:00.',
    '2024-01-31t10:00|2024-01-31T10:00+18:00|2024-01-31T10:00+18:01|2024-01-31T10:00+01:00:00',
    '2024-01-31T10:00+0160|2024-01-31 10:00:00+01:00Z|2024-01-31 10:00|2024-01-31 9:00',
    '2024-01-31 10:00:00.123.12|2024-01-31 24:49.077540|2024-01-31 -24:49.077540|2024-01-31 -1:30',
    '2024-01-31 | 2024-01-31|2024/01/31|31/01/2024|1/1/2024|01/1/2024|001/1/2024|31/04/2024',
    '29/02/2023|29/02/2024|01/31/2024|02/30/2024|31/01/0000|31/01/+12024|20240131|20240230|00000101',
    '+120240131|202401|01/2024|13/2024|001/2024|06/0000|31.01.2024|2024年01月31日|10:30|25:00|0|1|-1|-0',
    '-0.5|-5.0|-5.|1706659200|1706659200.|1706659200.1234567|1706659200000|1706659200000.1234567|1e3',
    '+5|9223372036854775807|9223372036854775808|-9223372036854775808|9223372036854775',
    '9223372036854775.808|-9223372036854775.808|-9223372036854775.8085|9223372036854776',
    '00000000000000000001|1969-12-31T23:59:59.999999999Z|1970-01-01|1969-12-31T23:00.00-02:00',
    '1970-01-01T00:00:00+01:00|1969-12-31T23:00:00-02:00|9223372036854.775807|9223372036854.775808',
    '2262-04-11|2262-04-12|2262-04-11T23:47:16.854775807Z|2262-04-11T23:47:16.854775808Z',
    '2262-04-12T00:47:16.854775807+01:00|| |x|NA|true|now|2024-W05|31/01/24',
  ),
  characters: '0123456789-:.+/ TZ',
  madeUp: fc
    .tuple(
      years,
      two(13),
      two(32),
      either('-', '-', '/', '.', ''),
      either('ymd', 'ymd', 'dmy', 'mdy', 'my', 'ym'),
      times,
    )
    .map(
      ([y, m, d, separator, order, time]) =>
        order
          .split('')
          .map(part => ({ y, m, d })[part])
          .join(separator) + time,
    ),
};

const octets = fc.array(fc.nat(270).map(String), { minLength: 3, maxLength: 5 }).map(all => all.join('.'));
const hextets = fc.array(
  fc.oneof(
    either('', '0'),
    fc.nat(66_000).map(value => value.toString(16)),
  ),
  { minLength: 1, maxLength: 9 },
);

export const addresses: Values = {
  edges: listed(
    '1.2.3.4|01.2.3.4|0.0.0.0|255.255.255.255|256.1.1.1|1.2.3|1.2.3.4.5|1..2.3|1.2.3.4 |1.2.3.4/24',
    '1.2.3.4:80|4294967297.1.1.1|4294967552.1.1.1|1.2.3.4%eth0|1.2.3.4%|1.2.3.٤|::|::1|1::|:::',
    '1::2::3|1:2:3:4:5:6:7:8|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|1:2:3:4:5:6:7::|1:2:3:4::5:6:7:8|:1::1',
    '1:|::ffff:1.2.3.4|::1.2.3.4:5|1:2:3:4:5:6:1.2.3.4|1:2:3:4:5:6:7:1.2.3.4|fe80::1%eth0|fe80::1%',
    '%eth0|FFFF::|12345::|00001::|100000001::|80000000::|g::|[::1]|2001:db8::1||x|localhost|1|-',
  ),
  characters: '0129afF:.%g ',
  madeUp: fc.oneof(
    octets,
    hextets.map(all => all.join(':')),
    hextets.map(all => `${all.join(':')}:1.2.3.4`),
  ),
};

export const booleans: Values = {
  edges: listed('true|false|True|FALSE| true|true |t|1|0|yes|oui|non||tru|truee|NA|trüe|-'),
  characters: 'truefals ',
  madeUp: either('true', 'false', 'vrai'),
};

export const places: Values = {
  edges: listed(
    '48.85, 2.35|48.85,2.35|91, 0|0, 181|-90, 180|1000,1000|48,2|48|48,2,3|48,2,3,4|48,2,x|,|,,|1,',
    ',1|1,2,|+1,+2|1e1,2e1|1e400,1|1e308,1|1d,2f|NaN,1|0x1p3,2| 1 , 2 |1;2|1 2|1,2,NaN|1\u00a0,2',
    'POINT (2.35 48.85)|point(2.35 48.85)|POINT (2.35 91)|POINT (181 1)|POINT (2 48 3)',
    'POINT Z (2 48 3)|POINT M (2 48)|POINTZ (1 2 3)|POINT EMPTY|POINT (2,48)|POINT ( 2   48 )',
    'POINT (2 48)x| POINT (2 48)|POINT (.5 5.)|POINT (NaN 1)|POINT (1 2 NaN)|POINT (1_2)|POINT (2 48',
    'POINT (1 2) # c|LINESTRING (1 2, 3 4)|viewpoint|u09|U09|a|u09tvw0f6szye|u09tvw0f6szyaaa||x|NA',
    '12',
  ),
  characters: '0129.,- ()eEPaZ\t+#',
  madeUp: joined(
    anyOf(numbers),
    either(',', ', ', ' '),
    anyOf(numbers),
    fc.oneof(either('', ''), joined(either(','), anyOf(numbers))),
  ),
};

export const words: Values = {
  edges: listed('|abcd|abcde|éèàç|😀😀|😀😀a|a\u0301bc|NA| '),
  characters: 'aé😀',
  madeUp: fc.string({ unit: 'grapheme', maxLength: 7 }),
};
