import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOf, titleOf } from './labels.ts';

test('names in capitals are said as words; abbreviations and mixed case stay', () => {
  assert.equal(labelOf('DATE_MUTATION'), 'Date mutation');
  assert.equal(labelOf('LIBELLÉ_D_ACHEMINEMENT'), 'Libellé D acheminement');
  assert.equal(labelOf('CODE_SIREN'), 'Code SIREN');
  assert.equal(labelOf('NOMBRE DE LOTS'), 'Nombre de lots');
  assert.equal(labelOf('CP'), 'CP');
  assert.equal(labelOf('prixTTC'), 'PrixTTC');
  assert.equal(labelOf('  '), '  ');
  assert.equal(titleOf('communes-de-france'), 'Communes de france');
});
