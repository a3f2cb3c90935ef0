import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldFacts, NumberValues } from '../facts/facts.ts';
import { judgeNumber } from './number-role.ts';

function number(
  name: string,
  values: Partial<NumberValues> & { distinct?: number; documents?: number } = {},
  samples: string[] = [],
): FieldFacts {
  const { distinct = 80, documents = 1000, ...rest } = values;
  const all = { min: 0, max: 1000, average: 200, negatives: 0, isWhole: true, ...rest };
  const known = { documents, distinct, number: all };
  return { name, kind: 'number', type: 'double', grouped: name, formats: [], samples, values: known };
}

const role = (...of: Parameters<typeof number>) => judgeNumber(number(...of)).role;

test('amounts and quantities add up, in French and English', () => {
  for (const name of [
    'MONTANT',
    'Montant HT',
    'montantTTC',
    'Quantité',
    'QTE_LIVREE',
    'nb_habitants',
    'NOMBRE DE LOTS',
    'POPULATION',
    'recettes',
    'coût total',
    'VALEUR FONCIERE',
    'surface_terrain',
    'pluie',
    'amount',
    'total_sales',
    'precipitation',
    'passenger_count',
    'number_of_rooms',
    'num_pages',
    'distance',
    'KWH',
    'deaths',
    'DEPENSES_2024',
  ])
    assert.equal(role(name), 'sum', name);
});

test('rates, temperatures and prices are averaged', () => {
  for (const name of [
    'taux_chomage',
    'TEMP_MAX',
    'Température',
    'prix unitaire',
    'montant_moyen',
    'part %',
    'POURCENTAGE',
    'densité',
    'price',
    'humidity',
    'wind_speed',
    'imdb rating',
    'DEP_DELAY',
    'retard',
    'durée',
    'age',
    'altitude',
    'max_amount',
  ])
    assert.equal(role(name, { min: -5 }), 'average', name);
});

test('codes, years, positions and times of day are neither', () => {
  for (const name of [
    'id',
    'CODE_COMMUNE',
    'code tarif',
    'zip',
    'CP',
    'Code postal',
    'SIREN',
    'N°',
    'No plan',
    'numero_rue',
    'order number',
    'FLIGHT',
    'telephone',
    'num',
    'insee',
  ])
    assert.equal(role(name), 'none', name);
  assert.equal(role('ANNEE', { min: 1999, max: 2024 }), 'year');
  assert.equal(role('birth year', { min: 1950, max: 2024 }), 'year');
  for (const name of ['lat', 'LATITUDE', 'lng', 'x'])
    assert.equal(role(name, { min: 41, max: 51, isWhole: false }), 'none', name);
  const clock = ['517', '1530', '2359', '600', '1200'];
  assert.equal(role('dep_time', { min: 1, max: 2400 }, clock), 'none');
  assert.equal(role('arr_time', { min: 1, max: 2400 }, [...clock, 'NA', '']), 'none');
  assert.equal(role('air_time', { min: 20, max: 695 }, ['227', '160', '183', '99', '77']), 'average');
});

test('parts of a date group rows, unless they count something', () => {
  assert.equal(role('mois', { min: 1, max: 12 }), 'group');
  assert.equal(role('DAY', { min: 1, max: 31 }), 'group');
  assert.equal(role('nb_jours', { min: 1, max: 31 }), 'sum');
  assert.equal(role('duree_jours', { min: 1, max: 31 }), 'average');
});

test('where names say nothing, values do', () => {
  assert.equal(role('a', { min: 1, max: 1000, distinct: 1000 }), 'none', 'they count the rows');
  assert.equal(role('a', { min: 1930, max: 2024 }), 'year');
  assert.equal(role('a', { min: 10_001, max: 99_950, distinct: 900 }), 'none', 'all have five digits');
  assert.equal(role('a', { min: 21_000, max: 23_000, distinct: 900 }), 'average', 'quantities of one size');
  assert.equal(role('a', { min: 1, max: 3, distinct: 3 }), 'group');
  assert.equal(role('a', { min: 0, max: 9, isWhole: false }), 'average');
  assert.equal(role('a', { min: 7, max: 7, distinct: 1 }), 'none', 'the same everywhere');
  assert.equal(role('montant', {}, ['0012', '0400']), 'none', 'leading zeros');
});

test('a word within a word says nothing', () => {
  assert.equal(judgeNumber(number('considerations', { isWhole: false })).word, null);
  assert.equal(judgeNumber(number('latency', { isWhole: false })).word, 'latency');
});

test('each judgement has its reason', () => {
  assert.match(judgeNumber(number('MONTANT')).reason, /adds up, as its name says "montant"/);
  assert.match(judgeNumber(number('a', { isWhole: false })).reason, /nothing says that it adds up/);
});
