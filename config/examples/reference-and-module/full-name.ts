import type { RowStep } from '../../../default-etl/transform/row-step.ts';

/** Joins the two names; a row without a name is left out, one without a first name is refused. */
export const step: RowStep = row => {
  const { NOM, PRENOM, ...rest } = row;
  if (!NOM) return null;
  if (!PRENOM) throw new Error(`${NOM} has no PRENOM`);
  return { ...rest, NOM_COMPLET: `${PRENOM} ${NOM}` };
};
